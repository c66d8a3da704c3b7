import React from 'react';
export default function Live() {
  return <p>...</p>;
}
