// People at the fake GitHub: the device flow, what they allow, and tokens narrowed from that.

import { randomId, systemRandom } from '../../../src/system/random.ts';
import { type Account, type LedgerToken, Refusal } from './state.ts';

/** One code that somebody was shown. */
interface Device {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly expiresAt: number;
  login: string | null;
  decision: 'approved' | 'denied' | 'used' | null;
  asked: number;
}

type Body = Readonly<Record<string, unknown>>;

export class Users {
  readonly clientSecret = 'planted-client-secret';
  readonly devices: Device[] = [];
  /** Seconds between two polls. */
  interval = 1;
  /** Sooner than that is told `slow_down`; off where a test's clock runs fast. */
  hasPace = false;
  /** How many polls are told `slow_down` whenever they come. */
  slowDowns = 0;
  isEnabled = true;
  /** A client that is not taken is told that nothing is there. */
  isVague = false;
  /** Seconds; null: tokens that never end. */
  life: number | null = 8 * 3600;
  /** What the answer to a scoped token says otherwise. */
  shown: Record<string, unknown> = {};
  readonly #account: Account;
  readonly #now: () => number;
  #url = '';

  constructor(account: Account, now: () => number) {
    this.#account = account;
    this.#now = now;
  }

  /** @param url of this server, where codes are entered */
  at(url: string): void {
    this.#url = url;
  }

  /** The newest code, as a person would enter it. */
  decide(decision: 'approved' | 'denied', login = 'octo-alice', userCode?: string): void {
    const device = this.devices.findLast((one) => userCode === undefined || one.userCode === userCode);
    if (!device) throw new Error('no such code');
    Object.assign(device, { decision, login });
  }

  begin({ client_id }: Body): Body {
    if (client_id !== this.#account.clientId) throw new Refusal(404, 'Not Found');
    if (!this.isEnabled) return { error: 'device_flow_disabled' };
    const userCode = `${randomId(systemRandom, 4)}-${randomId(systemRandom, 4)}`.toUpperCase();
    const device: Device = {
      ...{ deviceCode: randomId(systemRandom, 40), userCode, expiresAt: this.#now() + 900_000 },
      ...{ login: null, decision: null, asked: Number.NEGATIVE_INFINITY },
    };
    this.devices.push(device);
    return {
      device_code: device.deviceCode,
      user_code: userCode,
      verification_uri: `${this.#url}/login/device`,
      expires_in: 900,
      interval: this.interval,
    };
  }

  poll({ client_id, device_code, grant_type }: Body): Body {
    if (grant_type !== 'urn:ietf:params:oauth:grant-type:device_code') {
      return { error: 'unsupported_grant_type' };
    }
    const device = this.devices.find(({ deviceCode }) => deviceCode === device_code);
    if (client_id !== this.#account.clientId || !device || device.decision === 'used') {
      return { error: 'incorrect_device_code' };
    }
    if (this.#now() >= device.expiresAt) return { error: 'expired_token' };
    const isEarly = this.hasPace && this.#now() < device.asked + this.interval * 1000;
    device.asked = this.#now();
    if (isEarly || this.slowDowns-- > 0) return { error: 'slow_down', interval: this.interval + 5 };
    if (device.decision === 'denied') return { error: 'access_denied' };
    if (device.decision === null) return { error: 'authorization_pending' };
    device.decision = 'used';
    const made = this.#add({ repositories: null, login: device.login ?? '', isBase: true });
    const lasting = this.life === null ? {} : { expires_in: this.life, refresh_token: 'ghr_planted' };
    return { access_token: made.token, token_type: 'bearer', scope: '', ...lasting };
  }

  #add(changes: Partial<LedgerToken>): LedgerToken {
    const [installation] = this.#account.installations;
    if (!installation) throw new Refusal(404, 'Not Found');
    const made: LedgerToken = {
      token: `ghu_${randomId(systemRandom, 36)}`,
      installation,
      repositories: null,
      permissions: installation.permissions,
      expiresAt: this.life === null ? Number.POSITIVE_INFINITY : this.#now() + this.life * 1000,
      deletedAt: null,
      linger: this.#account.linger,
      ...changes,
    };
    this.#account.tokens.push(made);
    return made;
  }

  checkClient(scheme: string, credential: string, clientId: string | undefined): void {
    const wanted = `${this.#account.clientId}:${this.clientSecret}`;
    const given = Buffer.from(credential, 'base64').toString();
    const isClient = scheme.toLowerCase() === 'basic' && given === wanted;
    if (!isClient || clientId !== this.#account.clientId) {
      throw this.isVague ? new Refusal(404, 'Not Found') : new Refusal(401, 'Bad credentials');
    }
  }

  /** @throws Refusal 404 for what GitHub does not know */
  known({ access_token }: Body): LedgerToken {
    const found = this.#account.live().find(({ token, login }) => login && token === access_token);
    if (!found) throw new Refusal(404, 'Not Found');
    return found;
  }

  /** As GitHub does: what is left out means everything. */
  scope(body: Body): Body {
    const base = this.known(body);
    if (!base.isBase) throw new Refusal(422, 'The token is scoped already');
    const installation = this.#account.installations.find(({ account }) => account === body['target']);
    if (!installation) throw new Refusal(422, 'target is not one of the App');
    const wanted = body['permissions'] as Record<string, string> | undefined;
    this.#account.checkPermissions(installation, wanted ?? {});
    const repositories = this.#account.chosen(installation, body);
    const permissions = { metadata: 'read', ...(wanted ?? installation.permissions) };
    const made = this.#add({ installation, repositories, permissions, login: base.login ?? '' });
    return {
      id: this.#account.tokens.length,
      token: made.token,
      expires_at: Number.isFinite(made.expiresAt) ? new Date(made.expiresAt).toISOString() : null,
      user: { login: made.login },
      installation: { permissions, repository_selection: repositories === null ? 'all' : 'selected' },
      ...this.shown,
    };
  }
}
