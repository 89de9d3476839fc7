(** What went wrong: a value, never an exception. *)

(** The canonical codes, in the order of their numbers in TensorFlow, absl and
    gRPC, 1 to 16. *)
type code =
  | Cancelled
  | Unknown
  | Invalid_argument
  | Deadline_exceeded
  | Not_found
  | Already_exists
  | Permission_denied
  | Resource_exhausted
  | Failed_precondition
  | Aborted
  | Out_of_range
  | Unimplemented
  | Internal
  | Unavailable
  | Data_loss
  | Unauthenticated

(** [message] is for people and names the culprit; [code] says of what kind it is. *)
type t = { code : code; message : string }

val number : code -> int
(** [5] for [Not_found]. *)

val code_name : code -> string
(** ["NOT_FOUND"] for [Not_found]. *)

val to_string : t -> string
(** ["NOT_FOUND: no SavedModel at …"] *)

(**/**)

val check_texts : string list -> (unit, t) result
(** Texts for C, where they would end at a NUL: [Invalid_argument] names the first
    that holds one. *)
