// Types of a particular model, for editors and compilers: no code.

/**
 * @typedef {import("./dtypes.js").DataOf} DataOf
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./nested.js").Nested} Nested
 * @typedef {import("./shape.js").PartialShape} PartialShape
 * @typedef {import("./signature.js").TensorSpec} TensorSpec
 */

/**
 * The type of one input or output, for example `{ dtype: "FP32", shape: [null, 8, 8, 1] }`.
 *
 * @typedef {{ dtype: DType, shape: PartialShape }} TensorType
 */

/** @typedef {Record<string, TensorType>} TensorTypes by name */

/** @typedef {{ inputs: TensorTypes, outputs: TensorTypes }} SignatureType */

/**
 * The type of a model: its signatures by name. `toTypeScript` writes one down.
 *
 * @typedef {Record<string, SignatureType>} ModelType
 */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {S extends keyof T ? T[S] : SignatureType} SignatureOf
 */

/**
 * A shape with its unknown dimensions as any number.
 *
 * @template {PartialShape} S
 * @typedef {S extends readonly (number | null)[]
 *   ? { readonly [K in keyof S]: Exclude<S[K], null> | (null extends S[K] ? number : never) }
 *   : readonly number[]} Known
 */

/**
 * @template {TensorType} T
 * @typedef {T["dtype"] extends infer D extends DType
 *   ? import("./tensor.js").Tensor<D, Known<T["shape"]>> : never} TensorOf
 */

/**
 * What a model says of one input or output.
 *
 * @template {TensorType} T
 * @typedef {TensorSpec & { readonly dtype: T["dtype"], readonly shape: T["shape"] }} SpecOf
 */

/**
 * What a model says of its signatures; of a model without a type of its own, any.
 *
 * @template {ModelType} T
 * @typedef {string extends keyof T ? import("./signature.js").Signatures : {
 *   readonly [S in keyof T]: {
 *     readonly inputs: { readonly [N in keyof T[S]["inputs"]]: SpecOf<T[S]["inputs"][N]> },
 *     readonly outputs: { readonly [N in keyof T[S]["outputs"]]: SpecOf<T[S]["outputs"][N]> },
 *   }
 * }} SignaturesOf
 */

/**
 * What may be given for an input: a tensor; nested arrays, whose nesting is the shape; a typed
 * array, which is one dimension.
 *
 * @template {TensorType} T
 * @typedef {TensorOf<T> | Nested | DataOf[T["dtype"]]} InputOf
 */

/**
 * @template {TensorTypes} T
 * @typedef {{ readonly [K in keyof T]: InputOf<T[K]> }} InputsOf
 */

/**
 * @template {TensorTypes} T
 * @typedef {{ [K in keyof T]: TensorOf<T[K]> }} OutputsOf
 */

export {};
