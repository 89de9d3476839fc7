function values = encode (values, dtype, name)
  % Values of the input of that name, as stele.convert has them. The MEX calls it; not for
  % users.
  try
    values = stele.convert (values, dtype);
  catch refused
    error (refused.identifier, '%s', ['input "' stele.text(name) '": ' refused.message]);
  end
end
