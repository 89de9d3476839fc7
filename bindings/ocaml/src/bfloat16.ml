let format = Small_float.{ fraction = 7; least = -133 }
let to_float = Small_float.to_float format
let of_float = Small_float.of_float format
