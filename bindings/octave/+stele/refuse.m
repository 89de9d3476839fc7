function refuse (code, message)
  % Raises an error. The MEX calls it; not for users.
  error (['stele:' code], '%s', stele.text (message));
end
