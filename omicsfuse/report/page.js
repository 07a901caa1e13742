"use strict";
// Without this script the page is whole; with it, tables sort and filter, and figures enlarge.
(() => {
  const value = (cell) => {
    const text = cell ? cell.textContent.trim() : "";
    const number = parseFloat(text.replace(/[<>,%]/g, ""));
    return text === "" ? null : Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const compare = (a, b) => {
    // Empty cells stay last in either direction.
    if (a === null || b === null) return 0;
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    return typeof a === "number" ? -1 : 1;
  };
  const sort = (table, column, button) => {
    const body = table.tBodies[0];
    const down = button.getAttribute("aria-sort") === "ascending";
    for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
    button.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].map((row, place) => [value(row.cells[column]), place, row]);
    rows.sort(([a, i], [b, j]) => {
      if ((a === null) !== (b === null)) return a === null ? 1 : -1;
      return (down ? -1 : 1) * compare(a, b) || i - j;
    });
    body.append(...rows.map(([, , row]) => row));
  };
  for (const table of document.querySelectorAll("main table")) {
    // Rows of Table 1 belong together: levels stand below their variable.
    if (table.tBodies[0].rows.length < 3 || table.querySelector("th.level")) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      head.tabIndex = 0;
      head.classList.add("sorts");
      head.title = "Sort by this column";
      head.addEventListener("click", () => sort(table, column, head));
      head.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          sort(table, column, head);
        }
      });
    });
    if (table.tBodies[0].rows.length < 8) continue;
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "Filter rows";
    field.setAttribute("aria-label", "Filter the rows of this table");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
    table.before(field);
  }
  const dialog = document.createElement("dialog");
  dialog.className = "large";
  dialog.setAttribute("aria-label", "Enlarged figure; Escape closes it");
  dialog.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  for (const frame of document.querySelectorAll(".frame")) {
    const enlarge = () => {
      // Parts of a drawing refer to one another by name, so it is moved, not copied.
      const drawing = frame.firstElementChild;
      const height = frame.getBoundingClientRect().height;
      frame.style.minHeight = `${height}px`;
      dialog.append(drawing);
      dialog.showModal();
      dialog.addEventListener("close", () => {
        frame.append(drawing);
        frame.style.minHeight = "";
      }, { once: true });
    };
    frame.title = "Click to enlarge";
    frame.addEventListener("click", enlarge);
    frame.addEventListener("keydown", (event) => {
      if (event.key === "Enter") enlarge();
    });
  }
  // Methods are printed; other folded parts are for the screen.
  const methods = [...document.querySelectorAll("#methods details:not([open])")];
  addEventListener("beforeprint", () => methods.forEach((part) => { part.open = true; }));
  addEventListener("afterprint", () => methods.forEach((part) => { part.open = false; }));
  // A link into a folded part opens it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const folded = target && target.closest("details");
    if (folded) folded.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
