/** Edit distance with transpositions of neighbours (optimal string alignment), ignoring case. */
export function editDistance(left: string, right: string): number {
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** The candidate that the user most likely meant, or undefined where none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(name.slice(0, 200), candidate.slice(0, 200));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best === undefined) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(name.length, best.length) / 2.5));
  return bestDistance <= allowed ? best : undefined;
}

/**
 * The file name that the user most likely meant: names are compared without their extensions, which are alike too
 * often, then with them.
 */
export function nearestFileName(name: string, candidates: Iterable<string>): string | undefined {
  const stem = stemOf(name);
  const likely = [...candidates].filter((candidate) => {
    const other = stemOf(candidate);
    return other === stem || (stem.length > 1 && nearest(stem, [other]) !== undefined);
  });
  const distance = (candidate: string) =>
    [editDistance(stem, stemOf(candidate)), editDistance(name, candidate)] as const;
  return likely.sort((a, b) => {
    const [left, right] = [distance(a), distance(b)];
    return left[0] - right[0] || left[1] - right[1];
  })[0];
}

/** The name before its last dot. */
function stemOf(name: string): string {
  return name.replace(/(?<=.)\.[^.]*$/, '').slice(0, 200);
}

/** `Did you mean "x"?`, or a list of what there is. */
export function suggestion(name: string, candidates: Iterable<string>, what: string): string {
  const all = [...new Set(candidates)];
  const near = nearest(name, all);
  if (near !== undefined) return `Did you mean "${near}"?`;
  if (all.length === 0) return `There are no ${what}.`;
  const shown = all.slice(0, 12).join(', ');
  return `Known ${what}: ${shown}${all.length > 12 ? `, and ${all.length - 12} more` : ''}.`;
}
