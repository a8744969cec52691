import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';

/**
 * The links on the way to a package, in a `node_modules` or below it: Node looks at each, with a permission, before it
 * takes the real folder.
 */
export function linksOn(path: string): string[] {
  const links: string[] = [];
  let at = parse(path).root;
  let rest = path.slice(at.length).split(sep);
  // As many as a system follows.
  for (let followed = 0; rest.length > 0 && followed < 40;) {
    at = join(at, rest.shift()!);
    if (!isLink(at)) continue;
    followed++;
    if (at.split(sep).includes('node_modules')) links.push(at);
    const target = resolve(dirname(at), readlinkSync(at));
    at = parse(target).root;
    rest = [...target.slice(at.length).split(sep), ...rest];
  }
  return links;
}

/**
 * The same permissions without what Node would trip over: in its list a folder is lost whose path is the beginning of
 * another entry, such as `node_modules/zod` beside `node_modules/zod-extra`. That matters for links, which are looked at
 * themselves: there the folder of packages in which both lie takes their place.
 */
export function distinctPaths(paths: readonly string[]): readonly string[] {
  let left = [...new Set(paths)];
  for (;;) {
    const outer = left.filter((path) => !left.some((one) => path.startsWith(`${one}${sep}`)));
    const lost = outer.find(
      (path) => isLink(path) && outer.some((one) => one !== path && one.startsWith(path)),
    );
    if (lost === undefined) return outer;
    left = [...outer, dirname(lost)];
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
