let format = Small_float.{ fraction = 10; least = -24 }
let to_float = Small_float.to_float format
let of_float = Small_float.of_float format
