import BNormCore
import BNormTensor
import BNormTensorFlow

public typealias BNormError = BNormTensor.BNormError
public typealias ByteString = BNormTensor.ByteString
public typealias DType = BNormTensor.DType
public typealias Element = BNormTensor.Element
public typealias GraphDefinition = BNormCore.GraphDefinition
public typealias GraphDefWriter = BNormTensorFlow.GraphDefWriter
public typealias Graph = BNormCore.Graph
public typealias MetaGraph = BNormTensorFlow.MetaGraph
public typealias ModelFile = BNormTensorFlow.ModelFile
public typealias Npy = BNormTensor.Npy
public typealias Npz = BNormTensor.Npz
public typealias OpLibrary = BNormCore.OpLibrary
public typealias PartialShape = BNormTensor.PartialShape
public typealias Profile = BNormCore.Profile
public typealias Session = BNormCore.Session
public typealias Stage = BNormCore.Stage
public typealias Shape = BNormTensor.Shape
public typealias Tensor = BNormTensor.Tensor
public typealias Complex64 = BNormTensor.Complex64
public typealias Complex128 = BNormTensor.Complex128
public typealias AttributeValue = BNormCore.AttributeValue
public typealias FunctionDefinition = BNormCore.FunctionDefinition
public typealias FunctionReference = BNormCore.FunctionReference
public typealias NodeDefinition = BNormCore.NodeDefinition
