function value = call (varargin)
  % What the MEX gives, or the error that it says. Not for users.
  [code, value] = stele_mex (varargin{:});
  if (~ strcmp (code, 'OK'))
    error (['stele:' code], '%s', stele.text (value));
  end
end
