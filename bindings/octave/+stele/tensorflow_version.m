function version = tensorflow_version ()
  % The version of the TensorFlow in use, '2.21.0'.
  version = stele_mex ('version');
end
