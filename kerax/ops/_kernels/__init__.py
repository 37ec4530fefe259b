"""Operations whose fastest form differs from platform to platform; plain functions of arrays."""
