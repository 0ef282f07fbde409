import { generateKeyPairSync } from 'node:crypto';
import { styleText } from 'node:util';
import { decodeJwt } from 'jose';
import { stringify } from 'yaml';
import { secretText } from '../integration/objects.ts';
import { type Demo, NAMESPACE, showKubectl, type Step } from './demo.ts';
import { expectReady, expectSoon } from './expect-soon.ts';
import { verify } from './step-failure.ts';
import { verifyToken } from './token-steps.ts';
import { formatWhen } from './token-words.ts';

const NAME = 'renewal-demo';
const RENEWED_WITHIN_MS = 58_000; // the first token expires after a minute
const EARLIEST_S = 25; // half a minute, minus the jitter

const JWT = {
  apiVersion: 'tokens.osg-htc.org/v1',
  kind: 'JWT',
  metadata: { name: NAME, namespace: NAMESPACE },
  spec: {
    issuer: 'https://issuer.example.com/',
    keyId: NAME,
    algorithm: 'ES256',
    data: {
      sub: 'demo',
      scope: 'storage.read:/',
      aud: ['https://wlcg.cern.ch/jwt/v1/any'],
      'wlcg.ver': '1.0',
    },
    expiryTime: { minutes: 1 },
    key: { secret: { name: 'renewal-key', key: 'key.pem' } },
  },
};

/** A token that lives for a minute is renewed soon enough to watch. */
export const renewStep: Step = {
  title: 'A token of one minute is replaced after half of its lifetime',
  async play(demo) {
    const { screen, stage } = demo;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const stringData = { 'key.pem': privateKey.export({ format: 'pem', type: 'pkcs8' }) };
    const metadata = { name: 'renewal-key', namespace: NAMESPACE };
    await stage.cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
    await stage.cluster.apply(JSON.stringify(JWT));
    const { expiryTime, key } = JWT.spec;
    screen.show(`A new key is in Secret renewal-key; JWT ${NAME} uses it:`);
    screen.show(styleText('cyan', stringify({ spec: { expiryTime, key } }).trimEnd()));

    const first = await screen.wait('the first token is signed', readToken(demo));
    describe(demo, 'first', first);
    const second = await screen.wait('the token is replaced (after about 30 s)', readToken(demo, first));
    describe(demo, 'second', second);

    const between = second.exp - first.exp;
    const left = Math.round(first.exp - second.seenAt / 1000);
    const isDue = between >= EARLIEST_S;
    verify(isDue, `a new token after about 30 s, ${EARLIEST_S} s at least`, `after ${between} s`);
    verify(left > 0, 'a new token before the old one expired', `${-left} s too late`);
    screen.check(`signed again ${between} s after the first, ${left} s before that would have expired`);
    const jwt = await expectReady(demo.objects, NAME);
    await verifyToken(second.token, jwt.status);
    screen.check('the new token verifies with the same public key');
  },
};

/** The overview of all JWTs that a user can ask for. */
export const overviewStep: Step = {
  title: 'All tokens at the end',
  async play({ screen, stage, objects }) {
    await showKubectl(screen, stage.cluster, ['get', 'jwt']);
    for (const name of ['my-jwt', NAME]) await expectReady(objects, name);
    const count = (await objects.list('jwts', NAMESPACE)).length;
    verify(count === 2, 'two JWTs', `${count}`);
    screen.check('both are Ready');
  },
};

interface Seen {
  readonly token: string;
  readonly jti: string;
  /** Seconds since the epoch, as in the claim. */
  readonly exp: number;
  /** Time at which it was found in the Secret; milliseconds since the epoch. */
  readonly seenAt: number;
}

/** The token in the Secret as soon as it differs from the given one. */
function readToken({ objects }: Pick<Demo, 'objects'>, old?: Seen): Promise<Seen> {
  const expected = old === undefined ? `a token in Secret ${NAME}` : `a new token in Secret ${NAME}`;
  const look = async () => {
    const token = secretText(await objects.get('secrets', NAMESPACE, NAME));
    if (token === '') return { instead: 'no token' };
    const { jti = '', exp = 0 } = decodeJwt(token);
    if (jti === old?.jti) return { instead: `still the first one, jti ${jti}` };
    return { value: { token, jti, exp, seenAt: Date.now() } };
  };
  return expectSoon(expected, look, old === undefined ? undefined : RENEWED_WITHIN_MS);
}

function describe({ screen }: Pick<Demo, 'screen'>, which: string, { jti, exp, seenAt }: Seen): void {
  screen.show(`${`${which} token:`.padEnd(14)} jti ${jti}, exp ${formatWhen(exp * 1000, seenAt)}`);
}
