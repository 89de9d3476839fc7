classdef Model < handle
  % A SavedModel in memory.
  %
  %   model = stele.Model (dir)
  %   model = stele.Model (dir, 'profile', 'inline', ...)
  %   outputs = model.run (struct ('image', pixels));
  %   model.close ()
  %
  % Options: 'tags', a cell of texts, {'serve'} unless given; 'profile', 'default',
  % 'inline', 'single' or 'python'; or 'config', a serialized ConfigProto, uint8;
  % 'libtensorflow', its file or folder.
  %
  % Everything that goes wrong is an error whose identifier ends in the canonical
  % code: stele:NOT_FOUND, stele:INVALID_ARGUMENT, ...

  properties (SetAccess = private)
    % A struct array: name, inputs, outputs. These are struct arrays with name, dtype,
    % shape (NaN where a dimension is unknown), has_rank and optional.
    signatures
  end

  properties (Access = private)
    place
  end

  methods
    function model = Model (dir, varargin)
      options = struct ('tags', {{'serve'}}, 'profile', {{}}, 'config', {{}}, 'libtensorflow', '');
      for i = 1:2:numel (varargin) - 1
        if (~ isfield (options, varargin{i}))
          error ('stele:INVALID_ARGUMENT', '%s', ['no option ' varargin{i}]);
        end
        options.(varargin{i}) = varargin{i + 1};
      end
      if (ischar (options.profile)) % '' is none either, and refused
        options.profile = stele.utf8 (options.profile);
      end
      model.place = stele_mex ('load', stele.utf8 (dir), ...
                               stele.utf8 (strjoin (options.tags, ',')), ...
                               options.profile, options.config, ...
                               stele.utf8 (options.libtensorflow));
      model.signatures = stele.describe (stele_mex ('describe', model.place));
    end

    function [outputs, shapes] = run (model, inputs, signature)
      % [outputs, shapes] = model.run (inputs, signature)
      %
      % inputs is a struct, or a cell {'name', values, ...} for names that no field can
      % have; outputs is a struct. Arrays have the signature's order of indices,
      % x(batch, row, column). Doubles are converted to the signature's dtype, and
      % refused where they do not fit; other classes are that dtype already. shapes has
      % what size does not say: [] of a scalar, [3] of a vector, and ones at the end.
      if (nargin < 3)
        signature = 'serving_default';
      end
      [outputs, shapes] = stele_mex ('run', model.place, signature, inputs);
    end

    function close (model)
      % Releases the model; a second time does nothing.
      if (~ isempty (model.place)) % empty when loading has failed
        stele_mex ('release', model.place);
      end
    end

    function closed = is_closed (model)
      closed = stele_mex ('is_closed', model.place);
    end

    function delete (model)
      model.close ();
    end
  end
end
