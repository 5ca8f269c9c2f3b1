// Writes test/vectors/ocsf-<version>.json from a checkout of github.com/ocsf/ocsf-schema: the classes and objects that
// the export uses, flattened. Run by hand when a class or a version is added:
//   node scripts/ocsf-vectors.ts <folder of the checkout> <1.8|1.9>

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const classes = [
  ...['detection_finding', 'authorize_session', 'entity_management', 'user_access', 'user_management'],
  ...['application_lifecycle', 'api_activity'],
];
const objects = [
  ...[
    'metadata',
    'product',
    'actor',
    'user',
    'session',
    'authorization',
    'policy',
    'api',
    'service',
    'request',
  ],
  ...['network_endpoint', 'resource_details', 'managed_entity', 'finding_info', 'analytic', 'evidences'],
  ...['iam_role', 'attestation', 'prev_event', 'fingerprint', 'object'],
];

type Attribute = {
  type?: string;
  is_array?: boolean;
  requirement?: string | null;
  profile?: string | null;
  enum?: Record<string, { caption: string }>;
  '@deprecated'?: unknown;
};
type Attributes = Record<string, Attribute>;
type Definition = {
  name: string;
  uid?: number;
  caption: string;
  category?: string;
  extends?: string;
  constraints?: unknown;
  '@deprecated'?: unknown;
  attributes: Record<string, unknown>;
};
type Flat = Omit<Definition, 'attributes'> & { attributes: Attributes };

const [root = '', version = ''] = process.argv.slice(2);
const read = <T>(file: string): T => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as T;
const dictionary = read<{
  attributes: Attributes;
  types: {
    attributes: Record<string, { type?: string; regex?: string; max_len?: number; range?: number[] }>;
  };
}>('dictionary.json');
const categories = read<{ attributes: Record<string, { uid: number; caption: string }> }>('categories.json');

/** All definitions below a folder, by name. */
function load(folder: string): Map<string, Definition> {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  const all = files
    .filter((file) => file.endsWith('.json'))
    .map((file) => read<Definition>(`${folder}/${file}`));
  return new Map(all.map((one) => [one.name, one]));
}

/** The attributes of a definition: inherited, then included from profiles, then its own; the later wins by key. */
function flatten(all: Map<string, Definition>, name: string): Flat {
  const own = all.get(name);
  if (!own) throw new Error(`${name} is not in the schema`);
  const parent = own.extends === undefined ? null : flatten(all, own.extends);
  const attributes: Attributes = structuredClone(parent?.attributes ?? {});
  const { $include = [], ...rest } = own.attributes as Attributes & { $include?: string[] };
  const merge = (added: Attributes, profile?: string) => {
    for (const [key, value] of Object.entries(added)) {
      const before = attributes[key] ?? {};
      attributes[key] = {
        ...before,
        ...(profile !== undefined && !(key in attributes) && { profile }),
        ...value,
        ...(before.enum || value.enum ? { enum: { ...before.enum, ...value.enum } } : {}),
      };
    }
  };
  for (const file of $include) {
    const { name: profile, attributes: added } = read<Flat>(file);
    merge(added, profile);
  }
  merge(rest as Attributes);
  return { ...parent, ...own, category: own.category ?? parent?.category ?? '', attributes };
}

function compact({ attributes, constraints }: Flat) {
  const entries = Object.entries(attributes).map(([name, own]) => {
    const known = dictionary.attributes[name];
    if (!known) throw new Error(`${name} is not in the dictionary`);
    const values = known.enum || own.enum ? { ...known.enum, ...own.enum } : null;
    const all = { ...known, ...own };
    return [
      name,
      {
        type: all.type,
        ...(all.is_array && { array: true }),
        ...(all.requirement === 'required' && { required: true }),
        ...(all.profile && { profile: all.profile }),
        ...(all['@deprecated'] ? { deprecated: true } : {}),
        ...(values && {
          enum: Object.fromEntries(Object.entries(values).map(([id, one]) => [id, one.caption])),
        }),
      },
    ];
  });
  return { attributes: Object.fromEntries(entries), ...(constraints ? { constraints } : {}) };
}

const events = load('events');
const things = load('objects');
const vector = {
  source: 'https://github.com/ocsf/ocsf-schema',
  version: read<{ version: string }>('version.json').version,
  license: 'Apache-2.0. Copyright OCSF, a Series of LF Projects, LLC',
  types: Object.fromEntries(
    Object.entries(dictionary.types.attributes).map(([name, { type, regex, max_len, range }]) => [
      name,
      {
        ...(type && { base: type }),
        ...(regex && { regex }),
        ...(max_len && { max_len }),
        ...(range && { range }),
      },
    ]),
  ),
  classes: Object.fromEntries(
    classes
      .filter((name) => events.has(name))
      .map((name) => {
        const one = flatten(events, name);
        const category = categories.attributes[one.category ?? ''];
        if (!category || one.uid === undefined) throw new Error(`${name} has no number`);
        const uid = category.uid * 1000 + one.uid;
        // As the schema's own server does: in the files these hold the numbers of the base event.
        one.attributes['class_uid'] = { ...one.attributes['class_uid'], enum: { [uid]: one } };
        one.attributes['category_uid'] = {
          ...one.attributes['category_uid'],
          enum: { [category.uid]: category },
        };
        const deprecated = one['@deprecated'] ? { deprecated: true } : {};
        return [
          uid,
          { name, caption: one.caption, category: category.caption, ...deprecated, ...compact(one) },
        ];
      }),
  ),
  objects: Object.fromEntries(
    objects.filter((name) => things.has(name)).map((name) => [name, compact(flatten(things, name))]),
  ),
};
const lines = (group: Record<string, unknown>) =>
  Object.entries(group)
    .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(',\n');
const { types, classes: byUid, objects: byName, ...about } = vector;
const groups = Object.entries({ types, classes: byUid, objects: byName });
const told = Object.entries(about).map(
  ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
);
const text = `{\n${[...told, ...groups.map(([key, group]) => `  "${key}": {\n${lines(group)}\n  }`)].join(',\n')}\n}\n`;
writeFileSync(path.join(import.meta.dirname, `../test/vectors/ocsf-${version}.json`), text);
