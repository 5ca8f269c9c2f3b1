// Keys for a question whose list follows what is typed. The library takes letters and an Enter that come at once, as from
// a paste or over a slow line, for an Enter on the list before those letters: another target than the screen shows. Here
// Enter comes a turn later. Must not: change any key.

/** The same keys, and how to let go of where they come from. */
export interface PacedInput {
  readonly stream: NodeJS.ReadableStream;
  /** What is left of them is dropped: it was typed before the answer to the question was seen. */
  readonly end: () => void;
}

type MaybeTerminal = NodeJS.ReadableStream & { readonly setRawMode?: (raw: boolean) => unknown };

/** Takes `input` over until the answer's `end`. */
export function paceInput(input: MaybeTerminal): PacedInput {
  const { PassThrough } = process.getBuiltinModule('node:stream');
  const stream = Object.assign(new PassThrough(), {
    setRawMode: (raw: boolean) => void input.setRawMode?.(raw),
  });
  const waiting: string[] = [];
  let isOver = false;
  let isWaiting = false;

  const next = (): void => {
    isWaiting = false;
    const piece = waiting.shift();
    if (isOver || piece === undefined) return;
    stream.write(piece, 'latin1');
    isWaiting = true;
    // One turn for the stream, one for the list.
    setImmediate(() => setImmediate(next));
  };
  const take = (chunk: Buffer | string): void => {
    // By bytes: a chunk may end within a letter.
    const bytes = Buffer.from(chunk as Buffer).toString('latin1');
    waiting.push(...bytes.split(/(?<=[\r\n])|(?=[\r\n])/));
    if (!isWaiting) next();
  };
  const close = (): void => void stream.end();
  input.on('data', take).once('end', close);
  input.resume();
  return {
    stream,
    end() {
      isOver = true;
      input.off('data', take);
      input.off('end', close);
      input.pause();
    },
  };
}
