// A picture on the whole terminal: the alternate screen, one key at a time, and the terminal as it was afterwards, however
// this process ends or is stopped. Must not: know what is drawn.

import { widthOf } from '../table.ts';

/** What the picture is told. */
export interface ScreenEvents {
  /** One character that was typed; not Ctrl-Z, which stops the process as everywhere, nor arrows and the like. */
  readonly key: (text: string) => void;
  /** The picture has to be drawn anew: another size, or back from a stop. */
  readonly redraw: () => void;
}

/** An open one. */
export interface Screen {
  size(): { readonly columns: number; readonly rows: number };
  /** Shows the lines from the top; what is too much is cut, and what is too wide, with `mark` (one column) at its end. */
  draw(lines: readonly string[], mark: string): void;
  /** Gives the terminal back as it was. Idempotent. */
  close(): void;
}

/** The terminal and the process on it. */
export interface ScreenTerminal {
  readonly write: (text: string) => void;
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Keys as they come, unseen and without effect; or as usual. */
  readonly raw: (on: boolean) => void;
  /** Stops this process, and whoever shares its job, until somebody continues it. */
  readonly stop: () => void;
  /** The answer ends the listening. */
  readonly listen: (to: {
    readonly key: (bytes: Buffer) => void;
    readonly resized: () => void;
    readonly continued: () => void;
    readonly suspend: () => void;
    readonly exit: () => void;
  }) => () => void;
}

/** Alternate screen, no cursor, no wrapping of lines that are too wide. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leave = '\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l';
const suspendKey = '\x1a';
const esc = String.fromCharCode(27);
/** Arrows, function keys, the mouse, keys with Alt, and the beginning of any of them. */
const sequences = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*[@-~]|O.|[^])?`, 'g');

/** Takes the terminal. */
export function openScreen(terminal: ScreenTerminal, events: ScreenEvents): Screen {
  let isOpen = false;
  let isClosed = false;

  function take(): void {
    if (isOpen || isClosed) return;
    isOpen = true;
    terminal.raw(true);
    terminal.write(enter);
  }

  function giveBack(): void {
    if (!isOpen) return;
    isOpen = false;
    try {
      terminal.write(leave);
    } finally {
      terminal.raw(false);
    }
  }

  const suspend = (): void => {
    giveBack();
    terminal.stop();
  };

  const stopListening = terminal.listen({
    key(bytes) {
      // Several come at once from whoever is impatient, or far away.
      for (const character of bytes.toString('utf8').replace(sequences, '')) {
        if (character === suspendKey) suspend();
        else events.key(character);
      }
    },
    resized: () => isOpen && events.redraw(),
    continued() {
      take();
      events.redraw();
    },
    suspend,
    // A crash, too, leaves by here.
    exit: giveBack,
  });
  take();

  return {
    size: terminal.size,
    draw(lines, mark) {
      if (!isOpen) return;
      const { columns, rows } = terminal.size();
      const shown = lines.slice(0, rows).map((line) => cutTo(line, columns, mark));
      // From the top, a line at a time, and nothing below: no flicker of an empty screen between. Erased before it is
      // written: after a line that is as wide as the screen the cursor stays on its last character.
      const text = shown.map((line) => `\x1b[K${line}\x1b[0m`).join('\r\n');
      terminal.write(`\x1b[H${text}${shown.length < rows ? '\r\n\x1b[J' : ''}`);
    },
    close() {
      if (isClosed) return;
      giveBack();
      isClosed = true;
      stopListening();
    },
  };
}

const colour = new RegExp(`(${esc}\\[[0-9;]*m)`);

/** The line, and where it is too wide its beginning and the mark; colours take no place. */
function cutTo(line: string, columns: number, mark: string): string {
  if (widthOf(line) <= columns) return line;
  let width = 0;
  let kept = '';
  for (const part of line.split(colour)) {
    if (colour.test(part)) {
      kept += part;
      continue;
    }
    for (const character of part) {
      width += widthOf(character);
      if (width > columns - 1) return `${kept}${mark}`;
      kept += character;
    }
  }
  return kept;
}
