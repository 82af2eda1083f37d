import protobuf from 'protobufjs/light.js';

/** The part of onnx.proto that graphs of fixed shapes over float32 need, by its field numbers. */
const field = (type, id) => ({ type, id });
const repeated = (type, id) => ({ rule: 'repeated', type, id });
const messages = {
  Model: { irVersion: field('int64', 1), graph: field('Graph', 7), opsets: repeated('Opset', 8) },
  Opset: { domain: field('string', 1), version: field('int64', 2) },
  Graph: {
    nodes: repeated('Node', 1),
    name: field('string', 2),
    constants: repeated('Constant', 5),
    inputs: repeated('Value', 11),
    outputs: repeated('Value', 12),
  },
  Node: {
    inputs: repeated('string', 1),
    outputs: repeated('string', 2),
    op: field('string', 4),
    attributes: repeated('Attribute', 5),
  },
  Attribute: {
    name: field('string', 1),
    f: field('float', 2),
    i: field('int64', 3),
    type: field('int32', 20),
  },
  Constant: {
    dims: repeated('int64', 1),
    dataType: field('int32', 2),
    floats: repeated('float', 4),
    integers: repeated('int64', 7),
    name: field('string', 8),
  },
  Value: { name: field('string', 1), type: field('Type', 2) },
  Type: { tensor: field('TensorType', 1) },
  TensorType: { elementType: field('int32', 1), shape: field('Shape', 2) },
  Shape: { dims: repeated('Dimension', 1) },
  Dimension: { extent: field('int64', 1) },
};
const nested = Object.fromEntries(Object.entries(messages).map(([name, fields]) => [name, { fields }]));
const Model = protobuf.Root.fromJSON({ nested }).lookupType('Model');

const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE = { f: 1, i: 2 };

/** A step: `node('Gemm', ['x', 'w'], 'z', { transB: { i: 1 } })`. */
export function node(op, inputs, output, attributes = {}) {
  return {
    op,
    inputs,
    outputs: [output],
    attributes: Object.entries(attributes).map(([name, value]) => ({
      name,
      ...value,
      type: ATTRIBUTE[Object.keys(value)[0]],
    })),
  };
}

/**
 * A graph as the bytes of an ONNX model.
 * @param inputs,outputs dimensions by name
 * @param constants by name: numbers are scalars, arrays are lists of integers
 */
export function onnxModel({ nodes, inputs, outputs, constants = {} }) {
  const values = (shapes) =>
    Object.entries(shapes).map(([name, dims]) => ({
      name,
      type: { tensor: { elementType: FLOAT, shape: { dims: dims.map((extent) => ({ extent })) } } },
    }));
  const graph = {
    name: 'bench',
    nodes,
    inputs: values(inputs),
    outputs: values(outputs),
    constants: Object.entries(constants).map(([name, value]) =>
      Array.isArray(value)
        ? { name, dims: [value.length], dataType: INT64, integers: value }
        : { name, dims: [], dataType: FLOAT, floats: [value] },
    ),
  };
  return Model.encode({ irVersion: 8, opsets: [{ domain: '', version: 17 }], graph }).finish();
}
