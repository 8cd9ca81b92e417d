import numpy as np
import tensorflow as tf
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.preprocessing.sequence import pad_sequences
sentences = ['I love my dog', 'I love my cat', 'you love my dog', 'do you think so']
tokenizer = Tokenizer(num_words=20, oov_token='<OOV>')
tokenizer.fit_on_texts(sentences)
padded = pad_sequences(tokenizer.texts_to_sequences(sentences), padding='post', maxlen=4)
labels = np.array([1, 0, 1, 0])
model = tf.keras.Sequential([
    tf.keras.layers.Embedding(20, 3, input_length=4),
    tf.keras.layers.GlobalAveragePooling1D(),
    tf.keras.layers.Dense(1, activation='sigmoid')
])
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
history = model.fit(padded, labels, epochs=3, verbose=2)
