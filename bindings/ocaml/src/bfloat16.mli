(** The elements of BF16: the upper half of a binary32, as its bits. *)

val to_float : int -> float
(** The value, exactly. *)

val of_float : float -> int
(** The nearest, of two the even one; infinite beyond the greatest. *)
