"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const folded = (text) => text.normalize("NFKC").toLowerCase();

  // Charts. The expression interpreter (ast) needs no eval, so the page can forbid it.
  for (const place of all("[data-spec]")) {
    vegaEmbed(place, JSON.parse(place.dataset.spec), {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
      tooltip: { disableDefaultStyle: true },
    }).catch((error) => { place.textContent = "The chart could not be drawn; the table says the same."; console.error(error); });
  }

  // Filters. An entry shows if it has every chosen value and the words.
  const form = document.getElementById("filters");
  const entries = all("[data-entry]");
  const words = new Map(entries.map((entry) => [entry, folded(entry.textContent)]));
  const matches = (entry, wanted, search) =>
    wanted.every(([name, value]) => entry.dataset[name].split(" ").includes(value)) && search.every((word) => words.get(entry).includes(word));
  const apply = () => {
    const wanted = all("select", form).map((field) => [field.name, field.value]).filter(([, value]) => value);
    const search = folded(form.elements.words.value).split(/\s+/).filter(Boolean);
    const filtered = wanted.length || search.length;
    let shown = 0;
    for (const entry of entries) {
      entry.hidden = filtered ? !matches(entry, wanted, search) : false;
      shown += !entry.hidden;
    }
    for (const group of all("details[data-group]")) {
      group.hidden = !all("[data-entry]", group).some((entry) => !entry.hidden);
      if (filtered) group.open = true;
    }
    for (const empty of all("[data-empty]")) {
      empty.hidden = all("[data-entry]", document.getElementById(empty.dataset.empty)).some((entry) => !entry.hidden);
    }
    document.getElementById("shown").textContent = `${shown} of ${entries.length} entries shown`;
  };
  if (form) {
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    apply();
  }

  // CSV of what is shown. A cell that a spreadsheet would run as a formula is kept from it.
  const formula = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n](?![\d.,]*$)/;
  const cell = (text) => `"${(formula.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  for (const button of all("button[data-csv]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const records = button.dataset.csv.split(" ").flatMap((id) => all("[data-record]", document.getElementById(id)))
        .filter((entry) => !entry.hidden).map((entry) => JSON.parse(entry.dataset.record));
      const lines = [JSON.parse(button.dataset.head), ...records].map((record) => record.map(cell).join(","));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" }));
      link.download = button.dataset.file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
  }

  // Paper has no way to open what is closed.
  let closed = [];
  addEventListener("beforeprint", () => { closed = all("details:not([open])"); closed.forEach((item) => { item.open = true; }); });
  addEventListener("afterprint", () => closed.forEach((item) => { item.open = false; }));
})();
