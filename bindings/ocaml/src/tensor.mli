(** A tensor: a dtype, a shape, and elements in row-major order. *)

type t

val of_bigarray :
  ('element, 'layout) Dtype.t ->
  ('element, 'layout, Bigarray.c_layout) Bigarray.Genarray.t ->
  t
(** Shares the elements: what is written into the array later is what the next run
    gets. A scalar has no dimension. *)

val to_bigarray :
  ('element, 'layout) Dtype.t ->
  t ->
  (('element, 'layout, Bigarray.c_layout) Bigarray.Genarray.t, Error.t) result
(** The elements, shared. [Invalid_argument] when they are of another dtype. *)

val of_strings : int array -> string array -> (t, Error.t) result
(** BYTES of that shape, [[||]] for a scalar; any bytes, NUL included.
    [Invalid_argument] when the shape is none, or has another number of elements. *)

val to_strings : t -> (string array, Error.t) result
(** The elements of BYTES. [Invalid_argument] when they are of another dtype. *)

val dtype : t -> Dtype.any
val shape : t -> int array

val to_string : t -> string
(** ["FP32 [1,8,8,1]"] *)
