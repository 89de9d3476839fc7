(* The worker kit of bindings/c/kit, whose header says what each call does. *)

(* A tensor of a run, its elements in the file [path]. kit_stubs.c makes these blocks. *)
type input = {
  name : string;
  dtype : string;
  dims : int array;
  path : string;
}

type request =
  | Load of {
      dir : string;
      tags : string;
      profile : string option;
      config : string option;
    }
  | Run of { signature : string; inputs : input list }
  | Unload
  | Other of int

external start : string -> string -> unit = "kit_start"
external next : unit -> request option = "kit_next"
(* Whether to run, or run again: the clock. *)
external again : unit -> bool = "kit_again"

(* Signature, whether it is an output, name, dtype, dims with -1 where unknown. *)
external describe : string -> bool -> string -> string -> int array option -> unit
  = "kit_describe"

(* Name, dtype, dims and size to the file to write that many bytes into. *)
external output : string -> string -> int array -> int -> string option
  = "kit_output"

(* The bytes of a file into an array, and of an array into a file. *)
external read : string -> (_, _, Bigarray.c_layout) Bigarray.Genarray.t -> bool
  = "kit_read"

external write : string -> (_, _, Bigarray.c_layout) Bigarray.Genarray.t -> bool
  = "kit_write"

external ok : unit -> unit = "kit_ok"
external error : int -> string -> unit = "kit_error"
external unsupported : string -> unit = "kit_unsupported"
