"use strict";
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const themes = ["system", "light", "dark"];
  const kept = () => { try { return localStorage.getItem("conclint-theme"); } catch { return null; } };
  const keep = (name) => { try { localStorage.setItem("conclint-theme", name); } catch { /* a file: page */ } };
  const show = (name) => {
    if (name === "system") delete root.dataset.theme; else root.dataset.theme = name;
    theme.querySelector("span").textContent = name;
  };
  let current = themes.includes(kept()) ? kept() : "system";
  show(current);
  theme.hidden = false;
  theme.addEventListener("click", () => {
    current = themes[(themes.indexOf(current) + 1) % themes.length];
    show(current);
    keep(current);
  });

  const FILTERS = ["rule", "file", "severity", "confidence"];
  const FIELDS = ["text", ...FILTERS, "group"];
  const form = document.getElementById("filters");
  if (!form) return;
  form.hidden = false;
  const holder = document.getElementById("cards");
  const cards = [...holder.querySelectorAll("article")];
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  const labels = new Map([...form.rule.options].map((option) => [option.value, option.textContent]));

  const arrange = () => {
    const by = form.group.value;
    const groups = new Map();
    for (const card of cards) {
      const key = card.dataset[by];
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(card);
    }
    holder.replaceChildren();
    const worst = ["critical", "warning", "info"];
    const order = (one, other) =>
      by === "severity" ? worst.indexOf(one) - worst.indexOf(other) : one < other ? -1 : one > other ? 1 : 0;
    for (const key of [...groups.keys()].sort(order)) {
      const section = document.createElement("section");
      const heading = document.createElement("h3");
      heading.className = "group";
      for (const part of (by === "rule" ? labels.get(key) : key).split(/(?<=\/)/)) {
        heading.append(part, document.createElement("wbr"));
      }
      section.append(heading, ...groups.get(key));
      holder.append(section);
    }
  };
  const filter = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits =
        FILTERS.every((name) => !form[name].value || card.dataset[name] === form[name].value) &&
        words.every((word) => texts.get(card).includes(word));
      card.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const section of holder.children) {
      section.hidden = !section.querySelector("article:not([hidden])");
    }
    form.querySelector("output").textContent = `${shown} of ${cards.length} shown`;
    document.getElementById("none").hidden = shown > 0;
  };
  // What is chosen stands behind the `#`, where a page from a file may write too: it can be sent and reloaded.
  const remember = () => {
    const chosen = new URLSearchParams();
    for (const name of FIELDS) {
      if (form[name].value && form[name].value !== form[name].dataset.default) chosen.set(name, form[name].value);
    }
    const hash = chosen.size ? `#${chosen}` : "";
    if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname + location.search);
  };
  const recall = () => {
    const chosen = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    for (const name of FIELDS) {
      form[name].value = chosen.get(name) ?? form[name].dataset.default ?? "";
      if (form[name].selectedIndex === -1) form[name].value = form[name].dataset.default ?? "";
    }
    arrange();
    filter();
  };
  const reveal = () => {
    const card = document.getElementById(location.hash.slice(1));
    if (!card || !texts.has(card)) return;
    if (card.hidden) recall(); // the hash names a card, so nothing is chosen
    card.focus({ preventScroll: true });
    card.scrollIntoView();
  };
  const changed = () => { filter(); remember(); };

  form.addEventListener("input", (event) => { if (event.target === form.group) arrange(); changed(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    history.replaceState(null, "", location.pathname + location.search);
    recall();
  });
  for (const button of document.querySelectorAll("button.filter")) {
    button.addEventListener("click", () => {
      form[button.dataset.filter].value = button.dataset.value;
      changed();
      document.getElementById("findings").focus();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      form.text.focus();
    }
  });
  window.addEventListener("hashchange", () => { if (location.hash.includes("=")) recall(); else reveal(); });
  recall();
  reveal();
})();
