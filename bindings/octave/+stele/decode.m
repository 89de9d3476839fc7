function values = decode (dtype, shape, values)
  % An output as users have it. Not for users.
  if (any (strcmp (dtype, {'C64', 'C128'})))
    size_here = [shape, ones(1, 2 - numel (shape))];
    values = reshape (complex (values(1, :), values(2, :)), size_here);
  end
end
