/**
 * What compose.yaml, Dockerfile and their helpers must keep to, as far as that can be told without docker. Reads texts; answers sentences, one for each
 * thing that is wrong.
 */
import yaml from 'js-yaml';
import { ConfigMistakes, readConfig } from '../../server/config.js';

/** A service as far as it is looked at. */
interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly init?: boolean;
  readonly stop_grace_period?: string;
  /** What opens the machine to a container. */
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly pid?: string;
  readonly ipc?: string;
  readonly user?: string;
  readonly devices?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** How long a server lets requests under way end (compose.ts). */
const drainSeconds = 20;

/** All that compose.yaml does against the rules, given the text of .env.example. */
export function composeFaults(text: string, example: string): readonly string[] {
  // What is not there is told below.
  const { services, volumes } = yaml.load(text) as Compose;
  const given = envOf(example);
  const used = new Set([...text.matchAll(/\$\{([A-Z0-9_]+)(?::[-?][^}]*)?\}/g)].map((match) => match[1] ?? ''));
  return [
    ...[...used].filter((name) => !given.has(name)).map((name) => `${name} is used and not in .env.example`),
    ...[...given.keys()].filter((name) => !used.has(name)).map((name) => `${name} is in .env.example and not used`),
    ...[...given].filter(([name, value]) => /PASSWORD|SECRET|TOKEN/.test(name) && value !== '').map(([name]) => `${name} has a value in .env.example`),
    ...Object.entries(services).flatMap(([name, service]) => serviceFaults(name, service, { services, volumes, given })),
  ];
}

interface Surroundings extends Compose {
  readonly given: ReadonlyMap<string, string>;
}

function serviceFaults(name: string, service: Service, { services, volumes, given }: Surroundings): readonly string[] {
  const { image = '', profiles = [], depends_on: needed = {} } = service;
  const faults: string[] = [];
  if (!isPinned(image)) faults.push(`${name}: the image ${image} is not pinned`);
  if (profiles.length !== 1) faults.push(`${name} is in ${profiles.length} profiles`);
  for (const other of Object.keys(needed)) {
    if (services[other]?.profiles?.[0] !== profiles[0]) faults.push(`${name} needs ${other}, which its profile has not`);
  }
  for (const volume of service.volumes ?? []) {
    if (!Object.hasOwn(volumes, volume.split(':')[0] ?? '')) faults.push(`${name} mounts ${volume}, which is no volume`);
  }
  faults.push(...openings(name, service));
  if (service.build === undefined) return faults;
  return [...faults, ...ownFaults(name, service), ...configFaults(service.environment ?? {}, given).map((mistake) => `${name}: ${mistake}`)];
}

/** Ways by which whoever takes over any of the containers could reach the machine or gain rights. */
function openings(name: string, service: Service): readonly string[] {
  const { privileged, network_mode: network, pid, ipc, devices, security_opt: options = [] } = service;
  const isOpen = privileged === true || devices !== undefined || [network, pid, ipc].some((place) => place === 'host');
  return [
    ...(isOpen ? [`${name} reaches the machine that it runs on`] : []),
    ...(options.length === 1 && options[0] === 'no-new-privileges:true' ? [] : [`${name} may gain privileges`]),
  ];
}

/** The server needs nothing but its volume and a place for what is passing. */
function ownFaults(name: string, service: Service): readonly string[] {
  const { read_only: isReadOnly, cap_drop: dropped, cap_add: added, tmpfs, user, init, stop_grace_period: grace = '10s', environment = {} } = service;
  const announcedSeconds = Number(environment['DICE_DRAIN_SECONDS'] ?? 0);
  return [
    ...(isReadOnly === true && dropped?.[0] === 'ALL' && added === undefined ? [] : [`${name} may write to its own file system, or has capabilities`]),
    ...(tmpfs?.length === 1 && tmpfs[0] === '/tmp' ? [] : [`${name} has not /tmp in memory and nothing else`]),
    ...(user === undefined ? [] : [`${name} runs as another user than its image says`]),
    ...(init === true ? [] : [`${name} runs as the first process, to which signals do nothing by themselves`]),
    ...(Number(grace.replace(/s$/, '')) > announcedSeconds + drainSeconds ? [] : [`${name} is killed before it has drained`]),
  ];
}

/** What the server itself would say to these variables. */
function configFaults(environment: Readonly<Record<string, string>>, given: ReadonlyMap<string, string>): readonly string[] {
  const filled = (variable: string): string => {
    const value = given.get(variable) ?? '';
    return value === '' ? 'what-the-operator-fills-in' : value;
  };
  const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replaceAll(/\$\{([A-Z0-9_]+)[^}]*\}/g, (_, variable: string) => filled(variable))]));
  try {
    readConfig({ ...env, HOST: '0.0.0.0', PORT: '3000' });
    return [];
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes;
    throw error;
  }
}

/** All that the Dockerfile does against the rules, given .dockerignore and the names at the top of the tree. */
export function dockerfileFaults(text: string, ignored: string, names: readonly string[]): readonly string[] {
  const letThrough = new Set([...ignored.matchAll(/^!(.+)$/gm)].map((match) => match[1] ?? ''));
  const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
  const images = [...text.matchAll(/^FROM (\S+)/gm)].map((match) => match[1] ?? '');
  const lastStage = text.slice(text.lastIndexOf('\nFROM '));
  return [
    ...images.filter((image) => !isPinned(image)).map((image) => `the image ${image} is not pinned`),
    ...(new Set(images.map((image) => image.split(/[:-]/)[1])).size === 1 ? [] : ['the stages have different versions of Node']),
    ...copied.filter((name) => !letThrough.has(name)).map((name) => `${name} is copied and ignored`),
    ...[...letThrough].filter((name) => !copied.includes(name)).map((name) => `${name} is sent and not copied`),
    ...copied.filter((name) => !names.includes(name)).map((name) => `${name} is copied and not there`),
    ...(/^USER (?!root|0)\S+$/m.test(lastStage) ? [] : ['the server runs as root']),
    ...(ignored.split('\n').includes('*') && ignored.includes('**/.env') ? [] : ['more is sent to the builder than is named']),
  ];
}

/** The script of the health check, which Node runs. */
export function healthScript(dockerfile: string): string {
  const [, command = '[]'] = /^HEALTHCHECK[^[]*(\[.*\])$/m.exec(dockerfile) ?? [];
  // A list of words, by the format.
  return (JSON.parse(command) as readonly string[])[2] ?? '';
}

function envOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
}

/** A version of three numbers, or of two where that is all there is, or a release by its moment; and by its digest where an operator looked that up. */
function isPinned(image: string): boolean {
  return /^[a-z0-9/-]+:(\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?|RELEASE\.[0-9TZ-]+)(@sha256:[0-9a-f]{64})?$/.test(image);
}
