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
    for (const key of [...groups.keys()].sort()) {
      const section = document.createElement("section");
      const heading = document.createElement("h3");
      heading.className = "group";
      heading.textContent = by === "rule" ? labels.get(key) : key;
      section.append(heading, ...groups.get(key));
      holder.append(section);
    }
  };
  const filter = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits =
        ["rule", "file", "confidence"].every((name) => !form[name].value || card.dataset[name] === form[name].value) &&
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
  const reveal = () => {
    const card = document.getElementById(location.hash.slice(1));
    if (card && card.hidden) { form.reset(); }
    if (card && texts.has(card)) card.focus();
  };

  form.addEventListener("input", (event) => { if (event.target === form.group) arrange(); filter(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { arrange(); filter(); reveal(); }));
  for (const button of document.querySelectorAll("button.filter")) {
    button.addEventListener("click", () => {
      form[button.dataset.filter].value = button.dataset.value;
      filter();
      document.getElementById("findings").focus();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      form.text.focus();
    }
  });
  window.addEventListener("hashchange", reveal);
  arrange();
  filter();
})();
