"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const graph = $("graph"), world = $("world"), detail = $("detail");
  const boxes = [...graph.querySelectorAll(".box")], lines = [...graph.querySelectorAll(".line")];
  const boxOf = new Map(data.boxes.map((b, i) => [b.id, i]));
  const number = (n) => (n === "inf" ? Infinity : n);
  const shown = (n) => (n === Infinity ? "∞" : String(n));
  const band = (n) => (n >= 50 ? 4 : n > 9 ? 3 : n > 3 ? 2 : n > 1 ? 1 : 0);

  // Elements are made of text only: nothing from the repository is ever parsed as markup.
  const make = (tag, text, ...children) => {
    const element = document.createElement(tag);
    if (text !== null && text !== undefined) element.textContent = text;
    element.append(...children);
    return element;
  };
  const heat = (element, level) => {
    for (let i = 0; i < 5; i++) element.classList.toggle(`heat${i}`, i === level);
  };

  // ------------------------------------------------------------------------------------------------ view
  const size = { width: Number(graph.dataset.width), height: Number(graph.dataset.height) };
  let view = { x: 0, y: 0, width: size.width, height: size.height };
  const apply = () => graph.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  const zoom = (factor, at) => {
    const width = Math.min(Math.max(view.width * factor, 120), size.width * 4);
    const scale = width / view.width;
    const centre = at || { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    view = {
      x: centre.x - (centre.x - view.x) * scale, y: centre.y - (centre.y - view.y) * scale,
      width, height: view.height * scale,
    };
    apply();
  };
  const point = (event) => {
    const matrix = graph.getScreenCTM();
    return { x: (event.clientX - matrix.e) / matrix.a, y: (event.clientY - matrix.f) / matrix.d };
  };
  const fit = (elements) => {
    let box = { x: 0, y: 0, width: size.width, height: size.height };
    const kept = elements || [];
    if (kept.length) {
      const areas = kept.map((e) => {
        const inner = e.getBBox(), shift = /translate\(([-\d.]+),([-\d.]+)\)/.exec(e.getAttribute("transform") || "");
        return { x: inner.x + (shift ? Number(shift[1]) : 0), y: inner.y + (shift ? Number(shift[2]) : 0), w: inner.width, h: inner.height };
      });
      const left = Math.min(...areas.map((a) => a.x)), top = Math.min(...areas.map((a) => a.y));
      const right = Math.max(...areas.map((a) => a.x + a.w)), bottom = Math.max(...areas.map((a) => a.y + a.h));
      box = { x: left - 40, y: top - 40, width: right - left + 80, height: bottom - top + 80 };
    }
    view = box;
    apply();
  };
  graph.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(event.deltaY / 500), point(event));
  }, { passive: false });
  const fingers = new Map();
  let apart = 0, moved = false;
  graph.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, point(event));
    moved = false;
    if (fingers.size === 2) apart = 0;
  });
  graph.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = point(event);
    if (fingers.size === 1) {
      if (!moved && Math.hypot(now.x - before.x, now.y - before.y) < view.width / 250) return;
      moved = true;
      graph.classList.add("moving");
      view.x += before.x - now.x;
      view.y += before.y - now.y;
      apply();
    } else if (fingers.size === 2) {
      fingers.set(event.pointerId, now);
      const [a, b] = [...fingers.values()];
      const distance = Math.hypot(a.x - b.x, a.y - b.y);
      if (apart) zoom(apart / distance, { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
      apart = distance;
      moved = true;
    }
  });
  const lift = (event) => { fingers.delete(event.pointerId); graph.classList.remove("moving"); apart = 0; };
  for (const kind of ["pointerup", "pointercancel", "pointerleave"]) graph.addEventListener(kind, lift);
  // A large system opens at its worst chain; "fit" shows all of it.
  const start = () => {
    if (boxes.length <= 60 && innerWidth > 900) return;
    const worst = data.pairs.reduce((a, b) => (number(b.worst) > number(a ? a.worst : 1) ? b : a), null);
    if (!worst || !worst.chain.length) return;
    const along = new Set(worst.chain.flatMap((c) => [data.calls[c].from, data.calls[c].to]));
    fit(boxes.filter((_, i) => along.has(data.boxes[i].id)));
  };
  $("zoom-in").onclick = () => zoom(0.75);
  $("zoom-out").onclick = () => zoom(1 / 0.75);
  $("zoom-fit").onclick = () => fit();

  // --------------------------------------------------------------------------------------------- details
  let chosen = null;
  const choose = (element) => {
    if (chosen) chosen.classList.remove("chosen");
    chosen = element;
    if (element) element.classList.add("chosen");
  };
  const jump = (text, go) => {
    const button = make("button", text);
    button.className = "link";
    button.type = "button";
    button.onclick = go;
    return button;
  };
  const list = (title, items, ordered) => {
    if (!items.length) return [];
    const body = make(ordered ? "ol" : "ul", null, ...items.map((i) => make("li", null, i)));
    return [make("h4", title), body];
  };
  const about = (call) => data.findings.filter((f) => f.calls.includes(call));
  const finding = (f) => make("span", null, make("b", `${f.rule} `), make("span", `${f.message} `), make("code", f.where));
  const showCall = (index) => {
    const call = data.calls[index];
    const layers = call.layers.map((l) => {
      const attempts = l.attempts === "?" ? "attempts not known" : l.attempts === 1 ? "1 request" : `${l.attempts} requests`;
      const on = l.on.length ? ` on ${l.on.join(", ")}` : "";
      return make("span", null, make("b", `${l.kind} ${l.name}`), make("span", `: ${attempts}${on} `),
        make("code", l.declared ? `${l.declared} ` : ""), make("code", l.where), make("small", l.note ? ` ${l.note}` : ""));
    });
    const rows = Object.entries(call.causes).map(([cause, n]) => make("tr", null, make("td", cause), make("td", String(n))));
    const found = [
      make("h3", `${call.caller} → ${call.callee}`), make("code", call.where),
      ...(call.note ? [make("p", call.note)] : []),
      ...(call.verdict ? [make("p", `policy: ${call.verdict}`)] : []),
      ...list("", call.because.map((t) => make("span", t))),
      ...list("Layers, from the outside in", layers, true),
      ...(layers.length ? [] : [make("p", "No layer repeats this call.")]),
    ];
    if (rows.length) {
      const head = make("tr", null, make("th", "fails with"), make("th", "requests"));
      found.push(make("h4", "What arrives for one call"), make("table", null, make("thead", null, head), make("tbody", null, ...rows)));
    }
    found.push(make("p", `how sure: ${call.precision}`), ...list("Findings", about(index).map(finding)));
    return found;
  };
  const openLine = (index) => {
    choose(lines[index]);
    const line = data.lines[index];
    const parts = line.calls.flatMap((c) => showCall(c));
    if (!line.calls.length) parts.push(make("h3", `anyone → ${line.target}`), make("p", "Reachable without an identity, or by everybody."));
    detail.replaceChildren(...parts);
    detail.scrollTop = 0;
  };
  const openBox = (index) => {
    choose(boxes[index]);
    const box = data.boxes[index], service = data.services[box.id];
    const calls = data.calls.map((c, i) => [c, i]);
    const to = ([c, i]) => jump(`${c.caller} → ${c.callee}${c.gain !== 1 ? ` ×${c.gain}` : ""}`, () => openCall(i));
    const reached = data.pairs.filter((p) => p.target === box.id && number(p.worst) > 1)
      .sort((a, b) => number(b.worst) - number(a.worst)).slice(0, 12)
      .map((p) => make("span", `up to ${p.worst} at ${p.operation} for 1 at ${p.entry}`));
    const facts = service ? [
      `${service.mesh === "none" ? "in no mesh" : service.mesh}${service.mtls ? `, mTLS ${service.mtls}` : ""}`,
      service.principal || "no identity known", service.entry ? `entry: ${service.entry}` : "",
    ].filter(Boolean) : [];
    const touching = calls.filter(([c]) => c.from === box.id || c.to === box.id);
    const hits = data.findings.filter((f) => touching.some(([, i]) => f.calls.includes(i)));
    detail.replaceChildren(
      make("h3", box.title), ...(service && service.where ? [make("code", service.where)] : []),
      ...facts.map((f) => make("p", f)),
      ...list("Can become", reached), ...list("Is called by", calls.filter(([c]) => c.to === box.id).map(to)),
      ...list("Calls", calls.filter(([c]) => c.from === box.id).map(to)),
      ...list("Operations", (service ? service.operations : []).map((o) => make("code", o))),
      ...list("Findings", hits.map(finding)),
    );
    detail.scrollTop = 0;
  };
  const openCall = (call) => {
    const index = data.lines.findIndex((l) => l.calls.includes(call));
    if (index >= 0) choose(lines[index]);
    detail.replaceChildren(...showCall(call));
    detail.focus();
  };
  const open = (element) => {
    if (element.dataset.box !== undefined) openBox(Number(element.dataset.box));
    else openLine(Number(element.dataset.line));
  };
  const close = () => {
    choose(null);
    detail.replaceChildren(make("p", "Choose a service or a call."));
  };
  graph.addEventListener("click", (event) => {
    const element = event.target.closest(".box, .line");
    if (moved) return;
    if (element) open(element);
    else close();
  });

  // -------------------------------------------------------------------------------------------- keyboard
  const step = (element, key) => {
    if (element.dataset.box !== undefined) {
      const id = data.boxes[Number(element.dataset.box)].id;
      const side = key === "ArrowRight" ? "source" : key === "ArrowLeft" ? "target" : null;
      if (!side) return null;
      return lines.find((l, i) => data.lines[i][side] === id && !l.classList.contains("off")) || null;
    }
    const line = data.lines[Number(element.dataset.line)];
    if (key === "ArrowRight") return boxes[boxOf.get(line.target)];
    if (key === "ArrowLeft") return boxes[boxOf.get(line.source)];
    const peers = lines.filter((l, i) => data.lines[i].source === line.source && !l.classList.contains("off"));
    return peers[(peers.indexOf(element) + (key === "ArrowDown" ? 1 : peers.length - 1)) % peers.length];
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select");
    if (event.key === "/" && !typing) { event.preventDefault(); $("search").focus(); return; }
    if (event.key === "Escape") { close(); if (typing) event.target.blur(); return; }
    const element = event.target.closest ? event.target.closest(".box, .line") : null;
    if (!element) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(element); }
    if (event.key.startsWith("Arrow")) {
      const next = step(element, event.key);
      if (next) { event.preventDefault(); next.focus(); open(next); }
    }
  });

  // --------------------------------------------------------------------------------------------- filters
  const text = data.lines.map((l) => l.calls.map((c) => {
    const call = data.calls[c];
    return [call.caller, call.callee, call.where, ...call.layers.map((y) => `${y.name} ${y.where}`)].join(" ");
  }).join(" ").toLowerCase() + ` ${l.source} ${l.target}`.toLowerCase());
  const filter = () => {
    const words = $("search").value.trim().toLowerCase(), entry = $("entry").value, cause = $("cause").value;
    const rule = $("rule").value, hot = $("hot").checked;
    const pairs = data.pairs.filter((p) => !entry || p.entry === entry);
    const at = new Map(), reached = new Set();
    for (const pair of pairs) {
      const n = number(cause ? pair.causes[cause] || 0 : pair.worst);
      at.set(pair.target, Math.max(n, at.get(pair.target) || 0));
      pair.chain.forEach((c) => reached.add(c));
    }
    const hits = rule ? new Set(data.findings.filter((f) => f.rule === rule).flatMap((f) => f.calls)) : null;
    const visible = new Set();
    lines.forEach((element, index) => {
      const line = data.lines[index];
      const gains = line.calls.map((c) => number(cause ? data.calls[c].causes[cause] || 1 : data.calls[c].gain));
      const gain = Math.max(1, ...gains);
      const marked = ["denied", "open", "around"].some((k) => element.classList.contains(k)) || line.label.includes("denied");
      const on = (!words || text[index].includes(words)) && (!entry || line.calls.some((c) => reached.has(c))) &&
        (!hits || line.calls.some((c) => hits.has(c))) && (!hot || gain > 1 || marked);
      element.classList.toggle("off", !on);
      if (on) { visible.add(line.source); visible.add(line.target); }
      const label = element.querySelector(".label");
      if (cause && label && !element.classList.contains("denied") && line.calls.length) {
        label.textContent = gain > 1 ? `×${shown(gain)}` : "";
        heat(element, band(Math.max(gain, gain > 1 ? at.get(line.target) || 1 : 1)));
      } else if (label) {
        label.textContent = line.label;
        heat(element, Number(element.dataset.heat));
      }
    });
    const filtered = words || entry || rule || hot;
    boxes.forEach((element, index) => {
      const id = data.boxes[index].id;
      const named = words && data.boxes[index].title.toLowerCase().includes(words);
      element.classList.toggle("off", Boolean(filtered) && !visible.has(id) && !named);
      const n = entry || cause ? at.get(id) || 0 : Number.NaN;
      const label = element.querySelector(".number");
      if (Number.isNaN(n)) {
        label.textContent = element.dataset.number;
        heat(element, Number(element.dataset.heat));
      } else {
        label.textContent = n > 1 ? `${shown(n)}×` : "";
        heat(element, band(n));
      }
    });
    const count = boxes.filter((b) => !b.classList.contains("off")).length;
    $("count").textContent = filtered ? `${count} of ${boxes.length} services` : "";
  };
  for (const element of [...boxes, ...lines]) {
    element.dataset.heat = /heat(\d)/.exec(element.getAttribute("class"))[1];
    const label = element.querySelector(".number");
    if (label) element.dataset.number = label.textContent;
  }
  let waiting = 0;
  $("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
  $("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    filter();
    const kept = boxes.filter((b) => !b.classList.contains("off"));
    if (kept.length && kept.length < boxes.length) { fit(kept); kept[0].focus(); }
  });
  for (const id of ["entry", "cause", "rule", "hot"]) $(id).addEventListener("change", filter);
  $("theme").onclick = () => {
    const root = document.documentElement;
    const dark = root.classList.contains("dark") ||
      (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
    root.classList.toggle("dark", !dark);
    root.classList.toggle("light", dark);
  };
  start();
})();
