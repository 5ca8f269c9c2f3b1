// A notification of the terminal, as the sequence that the terminal at hand knows; none where that is not sure.
// Pure. Must not: yield text that could show on the screen.

type Environment = Readonly<Record<string, string | undefined>>;
type Form = (text: string) => string;

const title = 'jit';
const end = '\x1b\\';

// iTerm2's form, known to WezTerm, Ghostty, Warp and others.
const osc9: Form = (text) => `\x1b]9;${text}${end}`;
// urxvt's form, known to terminals made of VTE (with their distribution's patch), foot and Konsole.
const osc777: Form = (text) => `\x1b]777;notify;${title};${text}${end}`;
// kitty's own (its "Desktop notifications"): with an id, so that a later one takes the place of an earlier one.
const osc99: Form = (text) => `\x1b]99;i=${title};${text}${end}`;

const programs: Readonly<Record<string, Form>> = {
  'iTerm.app': osc9,
  WezTerm: osc9,
  ghostty: osc9,
  WarpTerminal: osc9,
};

// Inside of tmux TERM_PROGRAM is tmux's own; what these terminals set beside it is still there.
const marks: readonly (readonly [name: string, form: Form])[] = [
  ['KITTY_WINDOW_ID', osc99],
  ['WEZTERM_PANE', osc9],
  ['GHOSTTY_RESOURCES_DIR', osc9],
  ['VTE_VERSION', osc777],
  ['KONSOLE_VERSION', osc777],
  ['WT_SESSION', osc9],
];

function formOf(env: Environment): Form | null {
  const program = programs[env['TERM_PROGRAM'] ?? ''];
  if (program) return program;
  if (env['LC_TERMINAL'] === 'iTerm2') return osc9;
  if (/^foot(-|$)/.test(env['TERM'] ?? '')) return osc777;
  return marks.find(([name]) => env[name])?.[1] ?? null;
}

/** tmux passes it on to the terminal only with its option allow-passthrough; without that it swallows it whole. */
function throughTmux(sequence: string): string {
  return `\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}${end}`;
}

/**
 * The sequence that makes the user's terminal show `text` outside of the screen; null on a terminal that is not known
 * to have one, on a dumb one, and inside of GNU screen.
 */
export function notificationFor(env: Environment, text: string): string | null {
  if (!env['TERM'] || env['TERM'] === 'dumb') return null;
  if (env['STY'] && !env['TMUX']) return null;
  const sequence = formOf(env)?.(cleaned(text));
  if (sequence === undefined) return null;
  return env['TMUX'] ? throughTmux(sequence) : sequence;
}

/** Without what could end the sequence or start another field of it. */
function cleaned(text: string): string {
  return text.replace(/[^\x20-\x7e]|;/g, ' ').slice(0, 200);
}
