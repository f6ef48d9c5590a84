∂²φ/∂t³ - ∇²φ = 0   //~ E0003 orders above and below
