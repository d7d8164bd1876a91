/*
 * Checks who imports whom. Packages form a chain (below); a package imports only packages under it, by name, and only
 * those that its package.json declares. Node's built-ins stay behind `node` entries, tests are imported by nobody, and no
 * relative import leaves its package. Test files and `testing` may import any package and any tool. Inside a package files
 * do not import each other in a circle, but for the calls that `LATE` names; types may. A header that says that a file imports
 * nothing is right.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';
import { root } from './steps.mjs';

/** Package directory → the packages directly under it. Whoever adds a package gives it its place here. */
const CHAIN = {
  backend: [],
  'backend-cpu': ['backend'],
  // Runs small plans, and its first tier, on the CPU backend.
  'backend-wasm': ['backend-cpu'],
  tensor: ['backend-cpu'],
  compiler: ['tensor'],
  autograd: ['compiler'],
  jacobian: ['autograd'],
  nn: ['autograd'],
  jacobi: ['jacobian', 'nn', 'backend-wasm'],
};
const TESTING = 'testing';

/** Imports that are called long after every file is loaded, and may close a circle: from → to, in a package's src. */
const LATE = {
  'packages/tensor': [
    // Derivatives of rows are written with public operations, which bind rows.
    { from: /^(primitives[\\/]|families\.ts$)/, to: /^ops[\\/]/ },
    // Methods of a tensor are operations, which take tensors.
    { from: /^tensor\.ts$/, to: /^ops[\\/]/ },
  ],
};
const TEST_FILE = /\.test(-d)?\.ts$/;
/** What the header of a file says that imports nothing, or types only. */
const ALONE = /Must not import anything( but types)?\.|Imports nothing\./;
const headerOf = (text) => text.slice(0, text.indexOf('*/')).replaceAll('\n *', '');

const npmName = (directory) => (directory === 'jacobi' ? 'jacobi' : `@jacobi/${directory}`);
const below = (directory) => new Set(CHAIN[directory].flatMap((under) => [under, ...below(under)]));

const problems = [];
const report = (file, line, message) => problems.push(`${relative(root, file)}${line ? `:${line}` : ''}: ${message}`);

/**
 * Every module specifier of a file with its offset: imports, re-exports, dynamic imports and `import('…')` types; `runs` if the
 * module is loaded before the file is.
 */
function specifiers(file, text) {
  const found = [];
  const add = (source, kind) => {
    if (source?.type === 'Literal' && typeof source.value === 'string')
      found.push({ name: source.value, at: source.start, runs: kind === 'value' });
  };
  const visitor = new Visitor({
    ImportDeclaration: (node) => add(node.source, node.importKind),
    ExportNamedDeclaration: (node) => add(node.source, node.exportKind),
    ExportAllDeclaration: (node) => add(node.source, node.exportKind),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
  });
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) report(file, 0, `does not parse: ${errors[0].message}`);
  visitor.visit(program);
  return found;
}

/** `@scope/name/sub` → `@scope/name`. */
const packageOf = (name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/');
const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(packageOf(name));

function checkRelative(pkg, file, line, name) {
  const target = resolve(dirname(file), name);
  if (!target.startsWith(pkg.src + sep))
    report(file, line, `'${name}' leaves the package: import other packages by name`);
  else if (TEST_FILE.test(target))
    report(file, line, `'${name}' is a test: move what is shared into a module of its own`);
}

function checkNamed(pkg, file, line, name) {
  if (isBuiltin(name)) {
    const inNode = /^node(\.ts$|[\\/])/.test(relative(pkg.src, file));
    if (!inNode) report(file, line, `'${name}' is a Node built-in: only src/node.ts and src/node/ may use one`);
    return;
  }
  const wanted = packageOf(name);
  if (wanted === pkg.name) report(file, line, `'${name}' is this very package: import relatively`);
  else if (pkg.workspace.has(wanted) && !pkg.allowed.has(wanted))
    report(file, line, `${pkg.name} may not import ${wanted}: ${pkg.rule}`);
  else if (!pkg.declared.has(wanted))
    report(file, line, `'${wanted}' is not a dependency in ${pkg.directory}/package.json`);
}

/** Checks a file's imports; returns those of its own package that are loaded before it. */
function checkFile(pkg, file) {
  const text = readFileSync(file, 'utf8');
  const isTest = pkg.isTesting || TEST_FILE.test(file);
  const alone = ALONE.test(headerOf(text));
  const first = [];
  for (const { name, at, runs } of specifiers(file, text)) {
    const line = text.slice(0, at).split('\n').length;
    if (name.startsWith('.')) checkRelative(pkg, file, line, name);
    else if (!isTest) checkNamed(pkg, file, line, name);
    if (runs && alone) report(file, line, `'${name}' is imported, but the header says that nothing is`);
    if (name.startsWith('.') && runs) first.push(relative(pkg.src, resolve(dirname(file), name)));
  }
  return first;
}

/** No file comes, by way of what it imports, upon itself. `graph`: file → the files that it imports. */
function checkCircles(pkg, graph) {
  const late = LATE[pkg.directory] ?? [];
  const done = new Set();
  const visit = (file, path) => {
    const at = path.indexOf(file);
    if (at >= 0) report(join(pkg.src, file), 0, `imports in a circle: ${[...path.slice(at), file].join(' → ')}`);
    if (at >= 0 || done.has(file)) return;
    const next = (graph.get(file) ?? []).filter((to) => !late.some((l) => l.from.test(file) && l.to.test(to)));
    for (const to of next) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
}

/** package.json may declare only what the chain allows, and workspace packages only as `dependencies`. */
function checkManifest(pkg, manifest, path) {
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (pkg.workspace.has(name) && !pkg.allowed.has(name)) report(path, 0, `may not depend on ${name}: ${pkg.rule}`);
  }
  for (const name of Object.keys({ ...manifest.devDependencies, ...manifest.peerDependencies })) {
    if (pkg.workspace.has(name))
      report(path, 0, `${name} must be a dependency, or a root devDependency if only tests use it`);
  }
}

function checkPackage(directory) {
  const path = join(root, 'packages', directory, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const isTesting = directory === TESTING;
  if (!isTesting && !Object.hasOwn(CHAIN, directory)) {
    report(path, 0, 'this package has no place in the chain: give it one in scripts/layering.mjs');
    return 0;
  }
  const allowed = new Set([...(isTesting ? Object.keys(CHAIN) : below(directory))].map(npmName));
  const pkg = {
    name: manifest.name,
    directory: `packages/${directory}`,
    src: join(root, 'packages', directory, 'src'),
    isTesting,
    allowed,
    rule: `it may import ${[...allowed].join(', ') || 'no other package'}`,
    declared: new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })),
    workspace: new Set([...Object.keys(CHAIN), TESTING].map(npmName)),
  };
  if (manifest.name !== npmName(directory)) report(path, 0, `name is ${manifest.name}, expected ${npmName(directory)}`);
  checkManifest(pkg, manifest, path);
  const files = readdirSync(pkg.src, { recursive: true }).filter((file) => file.endsWith('.ts'));
  checkCircles(pkg, new Map(files.map((file) => [file, checkFile(pkg, join(pkg.src, file))])));
  return files.length;
}

const directories = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'package.json')),
);
let files = 0;
for (const directory of directories) files += checkPackage(directory);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`layering: ${problems.length} problem(s)`);
  process.exit(1);
}
console.log(`layering: ${files} files in ${directories.length} packages keep to the chain, none in a circle`);
