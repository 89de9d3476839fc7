(** A loaded SavedModel. Any number of threads may run one model at once: OCaml's
    runtime lock is released during a load, a run and a close. *)

type t

(** The session's configuration: a profile ("default", "inline", "single",
    "python") or a serialized ConfigProto. *)
type config = Profile of string | Proto of string

val load :
  ?tags:string list ->
  ?config:config ->
  ?libtensorflow:string ->
  string ->
  (t, Error.t) result
(** [load folder] loads a SavedModel and its variables. [tags], ["serve"] alone
    unless given, is the exact set of its graph's; [libtensorflow] is TensorFlow's
    file or folder, which is searched for unless given.

    [Not_found] when the folder, its variables, such a graph or TensorFlow is
    missing; [Data_loss] for a damaged model; [Invalid_argument] for a profile or
    ConfigProto that is none; whatever TensorFlow reports. *)

val with_model :
  ?tags:string list ->
  ?config:config ->
  ?libtensorflow:string ->
  string ->
  (t -> ('a, Error.t) result) ->
  ('a, Error.t) result
(** {!load}, a function of the model, {!close}, also when it raises. *)

val signatures : t -> Signature.t list
(** Sorted by name; there after {!close}, too. *)

val run :
  ?signature:string ->
  t ->
  (string * Tensor.t) list ->
  ((string * Tensor.t) list, Error.t) result
(** [run model inputs] runs a signature, "serving_default" unless given, on tensors
    by name, and returns its outputs, sorted by name, which outlive the model.
    Inputs are checked before TensorFlow sees them.

    [Not_found] for a signature that there is not; [Invalid_argument] for inputs
    that do not fit; [Failed_precondition] after {!close}; [Unimplemented] for an
    output with more dimensions than a Bigarray can have; whatever TensorFlow
    reports. *)

val close : t -> unit
(** Refuses further runs and releases the model when those under way have ended;
    twice is harmless. The garbage collector does it too. *)

val is_closed : t -> bool
