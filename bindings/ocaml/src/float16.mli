(** The elements of FP16: IEEE 754 binary16, as its bits. *)

val to_float : int -> float
(** The value, exactly. *)

val of_float : float -> int
(** The nearest, of two the even one; infinite beyond the greatest. *)
