// WASI for the planner: an empty world, as the Rust host has it. No environment, arguments or terminal; standard input is at
// its end; what is printed goes to the caller; `exit` ends the call. Clocks, files, sockets and randomness do not exist, and a
// component that imports them is refused where it is instantiated.
//
// Source: WASI 0.2 (`wasi:cli`, `wasi:io`).

/** How much may be written at once, in bytes. */
const WRITE_AT_ONCE = 4096n;

/** The imports by interface; `print` is given what the planner writes, as text. */
export function emptyWorld(print) {
  const decoder = new TextDecoder();
  class Pollable {
    block() {}
  }
  class InputStream {}
  class OutputStream {
    checkWrite() {
      return WRITE_AT_ONCE;
    }
    write(bytes) {
      print(decoder.decode(bytes, { stream: true }));
    }
    blockingFlush() {}
    subscribe() {
      return new Pollable();
    }
  }
  const getOutput = () => new OutputStream();
  const none = () => undefined;
  return {
    'wasi:cli/environment': { getEnvironment: () => [] },
    'wasi:cli/exit': {
      exit(status) {
        throw new Error(`it exited with status ${status.tag}`);
      },
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream() },
    'wasi:cli/stdout': { getStdout: getOutput },
    'wasi:cli/stderr': { getStderr: getOutput },
    'wasi:cli/terminal-input': { TerminalInput: class TerminalInput {} },
    'wasi:cli/terminal-output': { TerminalOutput: class TerminalOutput {} },
    'wasi:cli/terminal-stdin': { getTerminalStdin: none },
    'wasi:cli/terminal-stdout': { getTerminalStdout: none },
    'wasi:cli/terminal-stderr': { getTerminalStderr: none },
    'wasi:io/error': { Error: class Error {} },
    'wasi:io/poll': { Pollable },
    'wasi:io/streams': { InputStream, OutputStream },
  };
}
