function name = field (name)
  % The field in which run gives the output of that name: 'a/b' is a_b.
  if (~ isvarname (name))
    name = matlab.lang.makeValidName (name);
  end
end
