"""YAML (and JSON) with spans: the only package that imports ruamel.yaml."""

from parsers.yamltree.node import Node, documents

__all__ = ["Node", "documents"]
