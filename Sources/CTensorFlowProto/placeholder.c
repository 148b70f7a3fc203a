typedef int bnorm_proto_placeholder;
