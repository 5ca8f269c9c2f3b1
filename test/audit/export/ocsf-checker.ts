// Checks a record against a flattened schema of OCSF (test/vectors/ocsf-*.json, made by scripts/ocsf-vectors.ts).

interface Attribute {
  readonly type: string;
  readonly array?: true;
  readonly required?: true;
  readonly profile?: string;
  readonly deprecated?: true;
  readonly enum?: Readonly<Record<string, string>>;
}

interface Definition {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints?: { readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[] };
}

/** A flattened schema. */
export interface OcsfSchema {
  readonly version: string;
  readonly types: Readonly<
    Record<string, { base?: string; regex?: string; max_len?: number; range?: readonly [number, number] }>
  >;
  readonly classes: Readonly<
    Record<string, Definition & { name: string; caption: string; category: string; deprecated?: true }>
  >;
  readonly objects: Readonly<Record<string, Definition>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Everything in which `record` breaks `schema`, as `path: what`; empty when it is valid. */
export function ocsfProblems(schema: OcsfSchema, record: Fields): string[] {
  const problems: string[] = [];
  const definition = schema.classes[String(record['class_uid'])];
  if (!definition) return [`class_uid: ${String(record['class_uid'])} is no class of the vector`];
  const metadata = (record['metadata'] ?? {}) as { profiles?: readonly string[]; version?: string };
  const profiles = metadata.profiles ?? [];
  const expected: Fields = {
    class_name: definition.caption,
    category_name: definition.category,
    category_uid: Math.floor(Number(record['class_uid']) / 1000),
    type_uid: Number(record['class_uid']) * 100 + Number(record['activity_id']),
  };
  for (const [name, value] of Object.entries(expected)) {
    if (record[name] !== value)
      problems.push(`${name}: ${String(record[name])} where ${String(value)} should be`);
  }
  if (metadata.version !== schema.version) problems.push('metadata.version: another version');
  if (definition.deprecated) problems.push('class_uid: deprecated');
  check(definition, record, '');
  return problems;

  function check({ attributes, constraints }: Definition, value: Fields, path: string): void {
    for (const [name, attribute] of Object.entries(attributes)) {
      const isAsked = attribute.required && (!attribute.profile || profiles.includes(attribute.profile));
      if (isAsked && value[name] === undefined) problems.push(`${path}${name}: required`);
    }
    for (const [name, one] of Object.entries(value)) {
      const attribute = attributes[name];
      const place = `${path}${name}`;
      if (!attribute) problems.push(`${place}: unknown attribute`);
      else if (attribute.profile && !profiles.includes(attribute.profile)) {
        problems.push(`${place}: only with the profile ${attribute.profile}`);
      } else checkAttribute(attribute, one, place);
    }
    const { at_least_one: some, just_one: single } = constraints ?? {};
    const count = (names: readonly string[]) => names.filter((name) => value[name] !== undefined).length;
    if (some && count(some) === 0) problems.push(`${path}: needs one of ${some.join()}`);
    if (single && count(single) !== 1) problems.push(`${path}: needs just one of ${single.join()}`);
  }

  function checkAttribute(attribute: Attribute, value: unknown, place: string): void {
    if (attribute.deprecated) problems.push(`${place}: deprecated`);
    if (attribute.array !== undefined) {
      if (!Array.isArray(value)) problems.push(`${place}: not an array`);
      else for (const [index, item] of value.entries()) checkValue(attribute, item, `${place}[${index}]`);
    } else checkValue(attribute, value, place);
  }

  function checkValue(attribute: Attribute, value: unknown, place: string): void {
    if (attribute.enum && !Object.hasOwn(attribute.enum, String(value))) {
      problems.push(`${place}: ${String(value)} is no value of its enum`);
    }
    const type = schema.types[attribute.type];
    if (type) checkScalar(attribute.type, value, place);
    else if (attribute.type === 'object') {
      if (!isObject(value)) problems.push(`${place}: not an object`);
    } else {
      const definition = schema.objects[attribute.type];
      if (!definition) problems.push(`${place}: object ${attribute.type} is not in the vector`);
      else if (!isObject(value)) problems.push(`${place}: not an object`);
      else check(definition, value, `${place}.`);
    }
  }

  function checkScalar(name: string, value: unknown, place: string): void {
    const type = schema.types[name] ?? {};
    const base = type.base ?? name;
    const fits =
      base === 'string_t'
        ? typeof value === 'string' && value !== ''
        : base === 'integer_t' || base === 'long_t'
          ? Number.isSafeInteger(value)
          : base === 'boolean_t'
            ? typeof value === 'boolean'
            : base === 'json_t';
    if (!fits) problems.push(`${place}: no ${name}`);
    const text = String(value);
    if (type.regex && !new RegExp(type.regex).test(text))
      problems.push(`${place}: not in the form of ${name}`);
    if (type.max_len && text.length > type.max_len) problems.push(`${place}: too long`);
    if (type.range && !(Number(value) >= type.range[0] && Number(value) <= type.range[1])) {
      problems.push(`${place}: out of range`);
    }
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
