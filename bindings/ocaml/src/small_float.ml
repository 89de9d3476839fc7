(* [fraction] bits behind an exponent that with the sign fills 16; 2^[least] is the
   smallest number above 0. *)
type format = { fraction : int; least : int }

let infinite format = 0x7fff land lnot ((1 lsl format.fraction) - 1)

let to_float format bits =
  let magnitude = bits land 0x7fff in
  let exponent = magnitude lsr format.fraction in
  let leading = 1 lsl format.fraction in
  let fraction = magnitude land (leading - 1) in
  let value =
    if magnitude > infinite format then nan
    else if magnitude = infinite format then infinity
    else if exponent = 0 then ldexp (float fraction) format.least
    else ldexp (float (leading + fraction)) (format.least + exponent - 1)
  in
  if bits land 0x8000 = 0 then value else -.value

let nearest_even value =
  let below = floor value in
  let rest = value -. below in
  let is_odd = Float.rem below 2. = 1. in
  if rest > 0.5 || (rest = 0.5 && is_odd) then below +. 1. else below

let magnitude format value =
  if Float.is_nan value then infinite format lor 1 lsl (format.fraction - 1)
  else if value = infinity then infinite format
  else if value = 0. then 0
  else
    let _, exponent = Float.frexp value in
    let step = max format.least (exponent - format.fraction - 1) in
    let steps = int_of_float (nearest_even (ldexp value (-step))) in
    min (infinite format) (((step - format.least) lsl format.fraction) + steps)

let of_float format value =
  let sign = if Float.sign_bit value then 0x8000 else 0 in
  sign lor magnitude format (Float.abs value)
