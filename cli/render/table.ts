/** Plain padded columns: a header in capitals, two spaces between columns, no lines, so that a table survives copying and grep. */

/** `updatedAt` → `UPDATED AT` */
const heading = (title: string): string => title.replace(/([a-z\d])([A-Z])/g, '$1 $2').toUpperCase();

/** Width on a screen, near enough: code points, not UTF-16 units. */
const width = (text: string): number => [...text].length;

export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header.map(heading), ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ''))));
  return lines
    .map((line) =>
      header
        .map((_, column) => {
          const cell = line[column] ?? '';
          return cell + ' '.repeat((widths[column] ?? 0) - width(cell));
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
