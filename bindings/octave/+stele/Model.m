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
      model.place = stele.call ('load', stele.utf8 (dir), ...
                                stele.utf8 (strjoin (options.tags, ',')), ...
                                options.profile, options.config, ...
                                stele.utf8 (options.libtensorflow));
      model.signatures = stele.describe (stele.call ('describe', model.place));
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
      if (isstruct (inputs))
        inputs = reshape ([fieldnames(inputs)'; struct2cell(inputs)'], 1, []);
      end
      names = cellfun (@stele.utf8, inputs(1:2:end), 'UniformOutput', false);
      infos = struct ('name', {});
      of = find (strcmp ({model.signatures.name}, signature), 1);
      if (~ isempty (of))
        infos = model.signatures(of).inputs;
      end
      [known, at] = ismember (inputs(1:2:end), {infos.name});
      if (all (known))
        given = cell (1, numel (names));
        for i = 1:numel (names)
          given{i} = [names(i), stele.encode(inputs{2 * i}, infos(at(i)))];
        end
      else
        % Refused by a name alone, whatever the values are: these may be many.
        nothing = {uint8('BOOL'), [], false};
        given = cellfun (@(name) [{name}, nothing], names, 'UniformOutput', false);
      end
      rows = stele.call ('run', model.place, stele.utf8 (signature), given);
      outputs = struct ();
      shapes = struct ();
      for i = 1:size (rows, 1)
        name = stele.field (stele.text (rows{i, 1}));
        outputs.(name) = stele.decode (rows{i, 2:4});
        shapes.(name) = rows{i, 3};
      end
    end

    function close (model)
      % Releases the model; a second time does nothing.
      if (~ isempty (model.place)) % empty when loading has failed
        stele.call ('release', model.place);
      end
    end

    function closed = is_closed (model)
      closed = stele.call ('is_closed', model.place);
    end

    function delete (model)
      model.close ();
    end
  end
end
