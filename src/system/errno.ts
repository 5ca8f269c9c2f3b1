// The names of system errors, out of values of unknown type.

/** `ENOENT` and the like; `unknown error` for anything that carries no code. Never the message, which may hold data. */
export function errnoOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return 'unknown error';
}

/** Of opening, writing and renaming a file, and of listening. */
const words: Readonly<Record<string, string>> = {
  EACCES: 'not allowed (EACCES)',
  EPERM: 'not allowed (EPERM)',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'its folder is no folder',
  EISDIR: 'it is a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the name is too long',
  EEXIST: 'something of that name is there already',
  ELOOP: 'its links lead in a circle',
  EIO: 'the device failed (EIO)',
  EMFILE: 'too many files are open in this process (EMFILE)',
  ENFILE: 'too many files are open on this machine (ENFILE)',
  EADDRINUSE: 'something listens there already',
};

/** Why a file was not written, for people: `the folder does not exist`; what is rare by its name. */
export function errnoText(thrown: unknown): string {
  const code = errnoOf(thrown);
  return words[code] ?? code;
}

/** Why a file was not read, for people: `there is no such file`. */
export function readErrnoText(thrown: unknown): string {
  return errnoOf(thrown) === 'ENOENT' ? 'there is no such file' : errnoText(thrown);
}

/** What to do about a file that was not read: its rights, or another path. */
export function readErrnoHint(thrown: unknown, elsewhere: string): string {
  const code = errnoOf(thrown);
  return code === 'EACCES' || code === 'EPERM' ? 'let the user that jit runs as read it' : elsewhere;
}

/** What to do about a file that was not written: room on the disk, or another place. */
export function writeErrnoHint(thrown: unknown, elsewhere: string): string {
  const code = errnoOf(thrown);
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'make room on the disk' : elsewhere;
}
