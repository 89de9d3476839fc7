(** One way to call a model. *)

(** An input or output. *)
type info = {
  name : string;
  dtype : Dtype.any;
  shape : int option array option;
  (** [None] for an unknown rank; [None] in it for an unknown dimension. *)
  optional : bool;
  (** The SignatureDef has a default: a run may leave it out. *)
}

(** Inputs and outputs are sorted by name. *)
type t = { name : string; inputs : info list; outputs : info list }

val info_to_string : info -> string
(** ["image FP32 [?,8,8,1]"] *)

(**/**)

type raw_info = string * string * int array option * bool
type raw = string * raw_info list * raw_info list

val of_raw : raw -> t
(** Of what C hands over: names of dtypes, and -1 for an unknown dimension. *)
