public enum BNormTensorModule {}
