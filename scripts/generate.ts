// Writes what is derived from the source and checked in: JSON Schemas, the reference of commands, completions.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
