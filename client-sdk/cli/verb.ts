/**
 * How a verb is hung into the program: its handler gets a context and its own options, and answers the exit status.
 */
import type { Command } from 'commander';
import type { Console } from './console.js';
import { Context, type Surroundings } from './context.js';
import type { ExitStatus } from './exit-status.js';

/** Options and arguments of one call of a verb. */
export interface Call<Options> {
  readonly options: Options;
  readonly args: readonly string[];
}

/** A verb's work. */
export type Handler<Options> = (context: Context, call: Call<Options>) => Promise<ExitStatus>;

/** Gives verbs to a program. */
export interface VerbHost {
  /** A new verb; `usage` as commander reads it (`download [image]`). */
  verb<Options>(usage: string, summary: string, handler: Handler<Options>): Command;
}

/** Who hears of the verb that runs. */
export interface VerbListener {
  begun(console: Console): void;
  done(status: ExitStatus): void;
}

/** A host on `program`. */
export function hostOn(program: Command, surroundings: Surroundings, listener: VerbListener): VerbHost {
  return {
    verb<Options>(usage: string, summary: string, handler: Handler<Options>): Command {
      const command = program.command(usage).description(summary);
      return command.action(async () => {
        const context = Context.of(surroundings, command);
        listener.begun(context.console);
        // commander fills exactly the options that the verb declared; their types stand beside the declaration.
        const options = command.opts() as Options;
        try {
          listener.done(await handler(context, { options, args: command.args }));
        } finally {
          await context.close();
        }
      });
    },
  };
}
