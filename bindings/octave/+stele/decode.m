function values = decode (parts)
  % The complex numbers whose parts are along the first dimension. The MEX calls it; not
  % for users.
  shape = [size(parts), 1];
  values = reshape (complex (parts(1, :), parts(2, :)), shape(2:end));
end
