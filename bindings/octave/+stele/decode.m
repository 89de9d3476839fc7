function values = decode (parts)
  % The complex numbers whose parts are along the first dimension. The MEX calls it; not
  % for users. Shaped before they are complex: of an imaginary part of zeros, -0 too, Octave
  % makes a real array wherever it copies.
  shape = [size(parts), 1];
  values = complex (reshape (parts(1, :), shape(2:end)), reshape (parts(2, :), shape(2:end)));
end
