import type { z } from 'zod';

/** A type in which no field is optional, at any depth: without this, two types of which one lacks an optional field fit each other. */
type Whole<T> = T extends object ? { [Name in keyof T]-?: Whole<T[Name]> } : T;

type Same<A, B> = [Whole<A>, Whole<B>] extends [Whole<B>, Whole<A>] ? unknown : never;

/**
 * Returns a zod type as it is. It compiles only if the zod type has exactly the fields of `T`: `z.ZodType<T>` also accepts one that
 * lacks an optional field, and what is stored with that field can then never be read back.
 */
export const exactly =
  <T>() =>
  <Schema extends z.ZodType<T>>(schema: Schema & Same<z.infer<Schema>, T>): z.ZodType<T> =>
    schema;
