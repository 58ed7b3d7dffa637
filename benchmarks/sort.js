// A click on the head of a column sorts by it, a second click the other way round.
const number = (cell) => parseFloat(cell.textContent.replaceAll(",", ""));
for (const table of document.querySelectorAll("table")) {
  table.classList.add("sortable");
  table.querySelectorAll("thead th").forEach((head, column, heads) => {
    let sign = -1;
    head.tabIndex = 0;
    head.title = "Sort by this column";
    head.onclick = () => {
      sign = -sign;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [p, q] = [a.cells[column], b.cells[column]];
        const [x, y] = [number(p), number(q)];
        if (isNaN(x) && isNaN(y))
          return sign * p.textContent.localeCompare(q.textContent);
        return isNaN(x) ? 1 : isNaN(y) ? -1 : sign * (x - y);
      });
      table.tBodies[0].append(...rows);
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.ariaSort = sign > 0 ? "ascending" : "descending";
    };
    head.onkeydown = (event) => event.key === "Enter" && head.onclick();
  });
}
