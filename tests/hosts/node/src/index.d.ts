// The planner of `oci-image`: its three questions, and the documents in which it answers. The documents are those that
// `oci-image plan` prints.

/** Bytes `start..end` of a UTF-8 text, counted from 0. */
export interface Span {
  start: number;
  end: number;
}

/** Where the cause stands: in the text of the object, or in a file that the object names. */
export type Place = { object: Span } | { file: { path: string; span: Span } };

/** One defect or remark. */
export interface Diagnostic {
  /** Stable name of the rule: `unknown-key`. */
  code: string;
  /** With an error nothing is built; with a warning the build goes on. */
  severity: 'error' | 'warning';
  /** JSON Pointer (RFC 6901) of the value within the object; empty for the object itself. */
  pointer: string;
  /** Where the cause stands in a text; null only where there is none. */
  place: Place | null;
  /** What is wrong, in one line. */
  message: string;
  /** What to do about it. */
  help: string | null;
  /** The values that would be right, where they can be listed. */
  allowed: string[];
}

/** What the message `build` needs and gives. */
export interface BuildInterface {
  /** The context first, then each entry of `context_inputs`; without a path it is put at its name. */
  inputs: { name: string; path?: string }[];
  /** The image first, then each additional target. */
  outputs: { name: string; path: string }[];
  /** Directories kept between builds. */
  caches: string[];
}

/** The value of a frontend attribute: a text, or the reference under which the base image of this argument is served. */
export type AttributeValue = { text: string } | { base_image: string };

/** What is written of one solve's result. */
export interface ImageExport {
  /** The directory, which exists: one path component below the working directory. */
  directory: string;
  /** `image.tar`, or a directory in OCI image layout. */
  format: 'docker_archive' | 'oci_layout';
  /** Whether `rootfs/` and `metadata.json` are written too. */
  rootfs: boolean;
}

/** One solve. */
export interface Solve {
  /** The target's name, or `image` for the final one. */
  name: string;
  /** Directories it reads, by the frontend's name for each: `context`, `dockerfile`. */
  locals: { name: string; path: string }[];
  /** What the Dockerfile frontend is told, sorted by key. */
  attributes: { key: string; value: AttributeValue }[];
  /** Where the image goes; null: it is built and thrown away. */
  export: ImageExport | null;
}

/** The cache mounts, `RUN --mount=type=cache`, that are kept beside the build cache. */
export interface CacheMounts {
  /** The ids of those that are kept; null: all that the build mounts. */
  ids: string[] | null;
  /** How many bytes what is kept of them may take together. */
  limit: number;
  /** Whether they are restored, and not saved. */
  read_only: boolean;
}

/** A layer cache that the daemon reads or writes itself. */
export interface LayerCache {
  /** BuildKit's name of its type: `registry`, `s3`. */
  kind: string;
  /** What it is told, sorted by key; the host took a secret before the planner was asked. */
  attributes: { key: string; value: { text: string } | 'inline' }[];
}

/** Everything that is built, and nothing of how the machine does it. */
export interface BuildPlan {
  /** buildkitd's configuration, as TOML. */
  daemon_config: string;
  /** Whether logs are verbose. */
  debug: boolean;
  /** Whether the context is told by what its files hold, whatever their dates. */
  context_by_content: boolean;
  /** Images to load and serve, in the order of the object. */
  base_images: { argument: string; path: string }[];
  /** Build cache, if it is kept. */
  cache: { directory: string; import: boolean; mounts: CacheMounts | null } | null;
  /** Layer caches that the daemon reads itself, in the order of the object. */
  cache_from: LayerCache[];
  /** Those that it writes itself, of the image's own solve. */
  cache_to: LayerCache[];
  /** How layers are compressed, and at which level; null: the codec's own. */
  compression: { gzip: number | null } | { zstd: number | null };
  /** Secrets, sorted by id. */
  secrets: { id: string; source: { file: string } | 'inline' }[];
  /** SSH agents, in the order of the object. */
  ssh: { id: string; paths: string[] }[];
  /** Solves that run at the same time; the final one comes last. */
  solves: Solve[];
  /** Remarks: the build goes on. */
  warnings: Diagnostic[];
}

/** How long a text may be that the planner is shown, in bytes of UTF-8. */
export const TEXT_LIMIT: number;

/** Why a path has no answer; `too-large` carries the limit in bytes, `other` the words of the system. */
export class FileError extends Error {
  constructor(tag: 'not-found' | 'not-text' | 'is-directory' | 'denied');
  constructor(tag: 'too-large', value: number);
  constructor(tag: 'other', value: string);
  readonly tag: string;
  readonly value?: number | string;
}

/** What the planner may ask while it plans. Paths are as the object wrote them; what is thrown becomes a diagnostic. */
export interface Workspace {
  /** The text of a small file. */
  readText(path: string): string;
  /** What stands at a path, symbolic links followed. */
  entryAt(path: string): 'nothing' | 'file' | 'directory';
}

/** Answers for nothing. */
export const NO_WORKSPACE: Workspace;

/** A workspace in memory: texts by path, and further directories. */
export class TextWorkspace implements Workspace {
  constructor(files: Record<string, string>, directories?: string[]);
  readText(path: string): string;
  entryAt(path: string): 'nothing' | 'file' | 'directory';
}

/** The object is wrong. */
export class Refused extends Error {
  /** Every defect, and the remarks beside them. */
  readonly diagnostics: Diagnostic[];
}

/** The planner did not do its work: a trap, a panic, an exit. No fault of the object. */
export class PlannerError extends Error {}

/** The planner, ready to be called. */
export class Planner {
  private constructor();
  /** Compiles the modules of the component, which `read` gets from wherever they are kept in `component/`. */
  static load(read: (name: string) => BufferSource | Promise<BufferSource>): Promise<Planner>;
  /** Every defect of an object's text that can be seen without looking at a file. */
  validate(object: string): Diagnostic[];
  /** What the message `build` of this object needs and gives; throws `Refused`. */
  describe(object: string): BuildInterface;
  /** What is built; throws `Refused` with every defect, those of the files that the object names included. */
  plan(object: string, workspace: Workspace): BuildPlan;
}

/** The language of a text. */
export type Language = 'json' | 'yaml';

/** A place as people count it: both from 1, columns in characters. */
export interface Position {
  line: number;
  column: number;
}

/** What is told of a text: its place is one of the whole text. */
export interface Told extends Diagnostic {
  /** Where that begins and ends, if it is in the text. */
  start: Position | null;
  end: Position | null;
  /** The one change that mends it, where there is one: bytes that are replaced, and what stands there then. */
  fix: { span: Span; text: string } | null;
}

/** One build that a text asks for. */
export interface Build {
  /** The name of the task within a pipeline; empty where the text is one build. */
  name: string;
  /** Its object, without the texts of secrets. */
  object: string;
  /** Whether the planner judges it: of another program's parameters it would say nonsense. */
  is_judged: boolean;
  /** Whether something is left open that only Concourse can fill in. */
  is_open: boolean;
}

/** The reader of texts in JSON and YAML, tasks and pipelines. Without a language a text's first sign decides. */
export class Forms {
  private constructor();
  /** Compiles the modules of the component, which `read` gets from wherever they are kept in `component/`. */
  static load(read: (name: string) => BufferSource | Promise<BufferSource>, planner: Planner): Promise<Forms>;
  /** What a text is, and the builds in it; without a form where nothing can be read. */
  read(text: string, language?: Language): { form: 'json' | 'yaml' | 'task' | 'pipeline' | null; builds: Build[] };
  /** Every defect of a text that can be seen without looking at a file. */
  validate(text: string, language?: Language): Told[];
  /**
   * What is built by one of the builds of a text; `workspace` is given its object. Throws `Refused` with what is told of the text; of a
   * pipeline, what is wrong with other tasks is told among the warnings.
   */
  plan(
    text: string,
    workspace: (object: string) => Workspace,
    options?: { language?: Language; build?: number },
  ): BuildPlan & { warnings: Told[] };
}

/** The text on which all hosts agree, byte for byte. */
export function canonical(document: unknown): string;
